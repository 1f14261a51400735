-- Requests that are not terminal, now, by service, status and assignee; counted over entity rows, so that count and age agree.
CREATE OR REPLACE VIEW v_request_backlog AS
SELECT
    r.service AS service,
    coalesce(nullIf(t.title_ru, ''), r.service) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), r.service) AS title_kk,
    coalesce(nullIf(t.title_en, ''), r.service) AS title_en,
    r.status AS status,
    transform(toString(r.status), $request_waiting_on, '') AS waiting_on,
    r.assignee_id AS assignee_id,
    r.requests AS requests,
    r.oldest_since AS oldest_since,
    greatest(0, age('second', r.oldest_since, $now)) AS oldest_age_seconds
FROM (
    SELECT service, status, assignee_id, count() AS requests, min(since) AS oldest_since
    FROM requests FINAL
    WHERE status NOT IN $request_terminal
    GROUP BY service, status, assignee_id
) AS r
LEFT JOIN v_service_titles AS t ON t.service = r.service
