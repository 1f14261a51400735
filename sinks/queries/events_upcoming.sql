-- title: {ru: Ближайшие события, kk: Алдағы іс-шаралар, en: Events to come}
-- answers: Which events come next, and how many people have registered.
-- domain: content
-- kind: table
-- unit: events
-- tables: [core_event, core_eventparticipant]
-- columns: [event_id, title_ru, title_kk, title_en, status, event_type, event_format, starts_at, ends_at,
--   participants, views, company_id, organization_id]
-- parameters: {limit: 20}
SELECT
    event_id, title_ru, title_kk, title_en, status, event_type, event_format, starts_at, ends_at,
    participants, views, company_id, organization_id
FROM v_events
WHERE upcoming
ORDER BY starts_at, event_id
LIMIT {limit:UInt32}
