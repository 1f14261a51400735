-- References of requests and bookings to rows that are gone; silent while the table they refer to is empty here.
CREATE OR REPLACE VIEW v_dq_orphans AS
WITH existing AS (
    SELECT 'service_service' AS target, toString(code) AS id FROM service_service FINAL
    UNION ALL
    SELECT 'account_user' AS target, toString(id) AS id FROM account_user FINAL
    UNION ALL
    SELECT 'account_company' AS target, toString(id) AS id FROM account_company FINAL
    UNION ALL
    SELECT 'booking_room' AS target, toString(id) AS id FROM booking_room FINAL
)
SELECT entity, entity_id, link.1 AS reference, link.2 AS target, assumeNotNull(link.3) AS missing_id
FROM (
    SELECT
        'service_servicerequest' AS entity,
        request_id AS entity_id,
        arrayJoin([
            ('service', 'service_service', nullIf(toString(service), '')),
            ('author_id', 'account_user', toString(author_id)),
            ('assignee_id', 'account_user', toString(assignee_id)),
            ('expert_id', 'account_user', toString(expert_id)),
            ('company_id', 'account_company', toString(company_id))
        ]) AS link
    FROM requests FINAL
    UNION ALL
    SELECT
        'booking_booking' AS entity,
        booking_id AS entity_id,
        arrayJoin([
            ('room_id', 'booking_room', toString(room_id)),
            ('author_id', 'account_user', toString(author_id)),
            ('company_id', 'account_company', toString(company_id))
        ]) AS link
    FROM bookings FINAL
)
WHERE link.3 IS NOT NULL
    AND link.2 IN (SELECT target FROM existing)
    AND (link.2, assumeNotNull(link.3)) NOT IN (SELECT target, id FROM existing)
