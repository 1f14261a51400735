-- Who changed the status of a request and when: each transition that the stream saw or the source's history tells, with the user of the
-- history row that was written in the same transaction. No such row: user_id is NULL.
CREATE OR REPLACE VIEW v_request_changes AS
SELECT
    f.request_id AS request_id,
    f.service AS service,
    f.from_status AS from_status,
    f.to_status AS to_status,
    f.at AS at,
    h.user_id AS user_id
FROM (SELECT * FROM request_transitions FINAL WHERE origin != 'snapshot') AS f
LEFT JOIN (
    SELECT
        assumeNotNull(s.service_request_id) AS request_id,
        s.status AS status,
        if(s._lsn > 0, s._committed_at, assumeNotNull(s.created_at)) AS at,
        argMax(s.user_id, s.id) AS user_id
    FROM service_servicerequeststatus AS s FINAL
    WHERE s.service_request_id IS NOT NULL AND (s._lsn > 0 OR s.created_at IS NOT NULL)
    GROUP BY request_id, status, at
) AS h ON h.request_id = f.request_id AND h.status = f.to_status AND h.at = f.at
