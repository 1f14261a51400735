-- Requests that are not terminal, one row each: what a number is made of, and what an alert names.
CREATE OR REPLACE VIEW v_requests_open AS
SELECT
    r.request_id AS request_id,
    r.service AS service,
    coalesce(nullIf(t.title_ru, ''), r.service) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), r.service) AS title_kk,
    coalesce(nullIf(t.title_en, ''), r.service) AS title_en,
    r.status AS status,
    transform(toString(r.status), $request_waiting_on, '') AS waiting_on,
    r.since AS since,
    greatest(0, age('second', r.since, $now)) AS age_seconds,
    r.assignee_id AS assignee_id,
    r.expert_id AS expert_id,
    r.company_id AS company_id,
    r.author_id AS author_id
FROM (SELECT * FROM requests FINAL WHERE status NOT IN $request_terminal) AS r
LEFT JOIN v_service_titles AS t ON t.service = r.service
