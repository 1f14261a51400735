-- Data quality. Foreign keys hold in the source, so that only comments can refer to nothing; and nothing is asked of an empty table.
CREATE VIEW oracle.v_dq_orphans AS
SELECT 'core_comment' AS entity, c.id AS entity_id, 'primary_key' AS reference, 'core_' || source AS target, primary_key::text AS missing_id
FROM core_comment AS c
WHERE source = 'event' AND EXISTS (SELECT FROM core_event) AND NOT EXISTS (SELECT FROM core_event AS e WHERE e.id = primary_key)
    OR source = 'vacancy' AND EXISTS (SELECT FROM core_vacancy) AND NOT EXISTS (SELECT FROM core_vacancy AS e WHERE e.id = primary_key)
    OR source = 'blog' AND EXISTS (SELECT FROM core_blog) AND NOT EXISTS (SELECT FROM core_blog AS e WHERE e.id = primary_key)
    OR source = 'article' AND EXISTS (SELECT FROM core_article) AND NOT EXISTS (SELECT FROM core_article AS e WHERE e.id = primary_key);

CREATE VIEW oracle.v_dq_history_mismatches AS
SELECT 'service_servicerequest' AS entity, r.id AS entity_id, r.status, h.status AS latest_in_history
FROM service_servicerequest AS r
JOIN (
    SELECT DISTINCT ON (service_request_id) service_request_id, status
    FROM service_servicerequeststatus ORDER BY service_request_id, created_at DESC, id DESC
) AS h ON h.service_request_id = r.id
WHERE h.status != r.status
UNION ALL
SELECT 'booking_booking', b.id, b.status, h.status
FROM booking_booking AS b
JOIN (
    SELECT DISTINCT ON (booking_id) booking_id, status FROM booking_bookingstatus ORDER BY booking_id, created_at DESC, id DESC
) AS h ON h.booking_id = b.id
WHERE h.status != b.status;

-- an open issue for each entity that is wrong now; what the simulator never does (unknown statuses) is not here
CREATE VIEW oracle.v_dq AS
SELECT rule, entity, count(*) AS open
FROM (
    SELECT 'booking_overlap' AS rule, 'booking_booking' AS entity FROM oracle.v_booking_overlaps WHERE overlap_to > oracle.now()
    UNION ALL
    SELECT 'end_before_start', 'booking_booking' FROM booking_booking WHERE "end" <= start
    UNION ALL
    SELECT 'salary_range', 'core_vacancy' FROM core_vacancy WHERE salary_min > salary_max OR least(salary_min, salary_max) < 0
    UNION ALL
    SELECT 'orphan', entity FROM (SELECT DISTINCT entity, entity_id FROM oracle.v_dq_orphans) AS o
    UNION ALL
    SELECT 'history_mismatch', entity FROM oracle.v_dq_history_mismatches
) AS found
GROUP BY 1, 2;
