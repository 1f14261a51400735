-- Who changed the status of a request and when, as the source's own history tells it.
CREATE OR REPLACE VIEW v_request_changes AS
SELECT
    h.request_id AS request_id,
    r.service AS service,
    h.from_status AS from_status,
    h.to_status AS to_status,
    h.at AS at,
    h.user_id AS user_id
FROM (
    SELECT
        assumeNotNull(s.service_request_id) AS request_id,
        lagInFrame(toString(s.status)) OVER previous AS from_status,
        toString(s.status) AS to_status,
        assumeNotNull(s.created_at) AS at,
        s.user_id AS user_id
    FROM service_servicerequeststatus AS s FINAL
    WHERE s.service_request_id IS NOT NULL AND s.created_at IS NOT NULL
    WINDOW previous AS (
        PARTITION BY s.service_request_id ORDER BY s.created_at, s.id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
) AS h
LEFT JOIN (SELECT request_id, toString(service) AS service FROM requests FINAL) AS r ON r.request_id = h.request_id
