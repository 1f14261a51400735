-- What each company does: requests, content, bookings, people. A company that is gone is shown by its id.
CREATE OR REPLACE VIEW v_company_activity AS
SELECT
    assumeNotNull(s.id) AS company_id,
    c.company_type AS company_type,
    c.status AS status,
    c.tags AS tags,
    c.verified AS verified,
    s.requests_open AS requests_open,
    s.requests_success AS requests_success,
    s.events AS events,
    s.vacancies AS vacancies,
    s.blogs AS blogs,
    s.articles AS articles,
    s.bookings AS bookings,
    s.members AS members
FROM (
    SELECT
        p.company_id AS id,
        countIf(p.what = 'request' AND p.status NOT IN $request_terminal) AS requests_open,
        countIf(p.what = 'request' AND p.status = $request_success) AS requests_success,
        countIf(p.what = 'event') AS events,
        countIf(p.what = 'vacancy') AS vacancies,
        countIf(p.what = 'blog') AS blogs,
        countIf(p.what = 'article') AS articles,
        countIf(p.what = 'booking') AS bookings,
        uniqExactIf(p.user_id, p.what = 'member') AS members
    FROM (
        SELECT 'request' AS what, company_id, toString(status) AS status, NULL AS user_id FROM requests FINAL
        UNION ALL
        SELECT toString(content_type) AS what, company_id, '' AS status, NULL AS user_id FROM content_items FINAL
        UNION ALL
        SELECT 'booking' AS what, company_id, '' AS status, NULL AS user_id FROM bookings FINAL
        UNION ALL
        SELECT 'member' AS what, company_id, '' AS status, user_id FROM account_usercompany FINAL
        UNION ALL
        SELECT 'company' AS what, toNullable(id) AS company_id, '' AS status, NULL AS user_id FROM account_company FINAL
    ) AS p
    WHERE id IS NOT NULL
    GROUP BY id
) AS s
LEFT JOIN (
    SELECT
        toNullable(r.id) AS id,
        ifNull(r.company_type, '') AS company_type,
        toString(r.status) AS status,
        ifNull(r.verified, false) AS verified,
        arrayFilter((tag, has) -> has, $company_tags) AS tags
    FROM account_company AS r FINAL
) AS c ON c.id = s.id
