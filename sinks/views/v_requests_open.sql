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
    r.author_id AS author_id,
    r.parent_id AS parent_id,
    c.children AS children,
    m.form_1_filled AS form_1_filled,
    m.form_2_filled AS form_2_filled
FROM (SELECT * FROM requests FINAL WHERE status NOT IN $request_terminal) AS r
LEFT JOIN (
    SELECT assumeNotNull(parent_id) AS request_id, count() AS children FROM requests FINAL WHERE parent_id IS NOT NULL GROUP BY request_id
) AS c ON c.request_id = r.request_id
LEFT JOIN (
    SELECT id, toBool(hub_form_data_id IS NOT NULL) AS form_1_filled, toBool(second_hub_form_data_id IS NOT NULL) AS form_2_filled
    FROM service_servicerequest FINAL
) AS m ON m.id = r.request_id
LEFT JOIN v_service_titles AS t ON t.service = r.service
