-- Requests whose status is not the latest one in their history table; those without history are no mismatch.
CREATE OR REPLACE VIEW v_dq_history_mismatches AS
SELECT 'service_servicerequest' AS entity, r.request_id AS entity_id, r.status AS status, h.status AS latest_in_history
FROM (SELECT request_id, status FROM requests FINAL) AS r
INNER JOIN (
    SELECT
        assumeNotNull(s.service_request_id) AS request_id,
        argMax(s.status, (ifNull(s.created_at, toDateTime64(0, 6, 'UTC')), s.id)) AS status
    FROM service_servicerequeststatus AS s FINAL
    WHERE s.service_request_id IS NOT NULL
    GROUP BY request_id
) AS h ON h.request_id = r.request_id
WHERE r.status != h.status
