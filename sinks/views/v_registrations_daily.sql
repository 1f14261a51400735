-- Registrations for events by the day they were made, with whom the event is of.
CREATE OR REPLACE VIEW v_registrations_daily AS
SELECT
    toDate32(assumeNotNull(p.at), $timezone) AS day,
    p.event_id AS event_id,
    e.company_id AS company_id,
    e.organization_id AS organization_id,
    count() AS registrations
FROM (SELECT event_id, $created_at AS at FROM core_eventparticipant AS r FINAL) AS p
LEFT JOIN (SELECT toNullable(id) AS id, company_id, organization_id FROM core_event FINAL) AS e ON e.id = p.event_id
WHERE p.at IS NOT NULL
GROUP BY day, event_id, company_id, organization_id
