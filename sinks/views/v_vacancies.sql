-- Every vacancy: whether it is active (published), who wants it, what it pays, how long it has been open since it was first published.
CREATE OR REPLACE VIEW v_vacancies AS
SELECT
    r.id AS vacancy_id,
    coalesce(nullIf(t.title_ru, ''), toString(r.id)) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), toString(r.id)) AS title_kk,
    coalesce(nullIf(t.title_en, ''), toString(r.id)) AS title_en,
    r.vacancy_type AS vacancy_type,
    r.city_id AS city_id,
    coalesce(nullIf(c.title_ru, ''), toString(r.city_id)) AS city_ru,
    coalesce(nullIf(c.title_kk, ''), toString(r.city_id)) AS city_kk,
    coalesce(nullIf(c.title_en, ''), toString(r.city_id)) AS city_en,
    r.company_id AS company_id,
    r.status AS status,
    toBool(r.status = $content_published AND ifNull(r.published, true)) AS active,
    w.candidates AS candidates,
    r.salary_min AS salary_min,
    r.salary_max AS salary_max,
    if(
        i.first_published_at IS NULL,
        NULL,
        greatest(0, dateDiff('microsecond', i.first_published_at, coalesce(i.closed_at, $now)) / 1000000)
    ) AS lifetime_seconds
FROM (SELECT * FROM core_vacancy FINAL) AS r
LEFT JOIN (
    SELECT assumeNotNull(vacancy_id) AS vacancy_id, count() AS candidates
    FROM core_vacancycandidate FINAL
    WHERE vacancy_id IS NOT NULL
    GROUP BY vacancy_id
) AS w ON w.vacancy_id = r.id
LEFT JOIN (SELECT * FROM content_items FINAL WHERE content_type = 'vacancy') AS i ON i.content_id = r.id
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'vacancy') AS t ON t.id = r.id
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'city') AS c ON c.id = r.city_id
