-- Requests by their present assignee and expert; the median is from first sent (else creation) to closing, over the last 168 hours.
CREATE OR REPLACE VIEW v_reviewer_load AS
SELECT
    person.1 AS role,
    assumeNotNull(person.2) AS user_id,
    countIf(status NOT IN $request_terminal) AS open,
    countIf(recent) AS closed_7d,
    quantileExactInclusive(0.5)(if(recent, dateDiff('microsecond', started_at, closed_at) / 1000000, NULL)) AS median_handling_seconds
FROM (
    SELECT
        r.status AS status,
        r.closed_at AS closed_at,
        ifNull(r.closed_at >= $now - toIntervalHour(168), false) AS recent,
        coalesce(s.sent_at, r.created_at) AS started_at,
        [('assignee', r.assignee_id), ('expert', r.expert_id)] AS people
    FROM (SELECT * FROM requests FINAL WHERE assignee_id IS NOT NULL OR expert_id IS NOT NULL) AS r
    LEFT JOIN (
        SELECT request_id, toNullable(at) AS sent_at FROM v_request_arrivals WHERE milestone = 'sent'
    ) AS s ON s.request_id = r.request_id
)
ARRAY JOIN people AS person
WHERE person.2 IS NOT NULL
GROUP BY role, user_id
