-- Vacancies by city and type: active ones, candidates and pay of these (salaries above 0), and how long all of them were open.
CREATE OR REPLACE VIEW v_vacancy_market AS
SELECT
    v.city_id AS city_id,
    any(v.city_ru) AS city_ru,
    any(v.city_kk) AS city_kk,
    any(v.city_en) AS city_en,
    v.vacancy_type AS vacancy_type,
    countIf(v.active) AS active,
    sumIf(v.candidates, v.active) / nullIf(active, 0) AS candidates_per_vacancy,
    avg(if(v.active AND v.salary_min > 0, v.salary_min, NULL)) AS avg_salary_min,
    avg(if(v.active AND v.salary_max > 0, v.salary_max, NULL)) AS avg_salary_max,
    avg(v.lifetime_seconds) AS avg_lifetime_seconds
FROM v_vacancies AS v
GROUP BY city_id, vacancy_type
