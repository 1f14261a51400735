-- Requests and bookings whose status is not the latest one in their history table; those without history are no mismatch.
CREATE OR REPLACE VIEW v_dq_history_mismatches AS
SELECT r.entity AS entity, r.entity_id AS entity_id, r.status AS status, h.status AS latest_in_history
FROM (
    SELECT 'service_servicerequest' AS entity, request_id AS entity_id, toString(status) AS status FROM requests FINAL
    UNION ALL
    SELECT 'booking_booking' AS entity, booking_id AS entity_id, toString(status) AS status FROM bookings FINAL
) AS r
INNER JOIN (
    SELECT entity, assumeNotNull(entity_id) AS entity_id, argMax(s.status, (ifNull(s.at, toDateTime64(0, 6, 'UTC')), s.id)) AS status
    FROM (
        SELECT 'service_servicerequest' AS entity, service_request_id AS entity_id, toString(status) AS status, created_at AS at, id
        FROM service_servicerequeststatus FINAL
        UNION ALL
        SELECT 'booking_booking' AS entity, booking_id AS entity_id, toString(status) AS status, created_at AS at, id
        FROM booking_bookingstatus FINAL
    ) AS s
    WHERE entity_id IS NOT NULL
    GROUP BY entity, entity_id
) AS h ON h.entity = r.entity AND h.entity_id = r.entity_id
WHERE r.status != h.status
