-- Participants and views of every event; conversion is participants by views, NULL without views.
CREATE OR REPLACE VIEW v_event_engagement AS
SELECT
    e.event_id AS event_id,
    e.title_ru AS title_ru,
    e.title_kk AS title_kk,
    e.title_en AS title_en,
    e.status AS status,
    e.event_type AS event_type,
    e.event_format AS event_format,
    e.company_id AS company_id,
    e.organization_id AS organization_id,
    e.participants AS participants,
    e.views AS views,
    e.participants / nullIf(e.views, 0) AS conversion
FROM v_events AS e
