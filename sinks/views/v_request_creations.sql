-- When the row of each request was created, with the service it had when it was first seen; deleted requests too.
-- An id that the stream saw created more than once counts from its first creation.
CREATE OR REPLACE VIEW v_request_creations AS
SELECT
    r.request_id AS request_id,
    assumeNotNull(if(r.created_at IS NULL OR f.creations > 1, f.created_at, r.created_at)) AS at,
    f.service AS service
FROM (SELECT request_id, created_at FROM requests ORDER BY _version DESC LIMIT 1 BY request_id) AS r
INNER JOIN (
    SELECT
        t.request_id AS request_id,
        countIf(t.from_status = '' AND t.origin = 'stream') AS creations,
        minOrNullIf(t.at, t.from_status = '' AND t.origin = 'stream') AS created_at,
        argMin(t.service, t._version) AS service
    FROM request_transitions AS t FINAL
    WHERE t.origin != 'history'
    GROUP BY request_id
) AS f ON f.request_id = r.request_id
WHERE r.created_at IS NOT NULL OR f.created_at IS NOT NULL
