-- Every event: when, by whom, who comes; those to come first, the next one on top.
CREATE OR REPLACE VIEW v_events AS
SELECT
    r.id AS event_id,
    coalesce(nullIf(t.title_ru, ''), toString(r.id)) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), toString(r.id)) AS title_kk,
    coalesce(nullIf(t.title_en, ''), toString(r.id)) AS title_en,
    r.status AS status,
    ifNull(r.published, false) AS published,
    r.event_type AS event_type,
    r.event_format AS event_format,
    r.datetime_start AS starts_at,
    r.datetime_end AS ends_at,
    toBool(ifNull(r.datetime_start > $now, false)) AS upcoming,
    r.company_id AS company_id,
    r.organization_id AS organization_id,
    r.author_id AS author_id,
    p.participants AS participants,
    ifNull(r.view_count, 0) AS views
FROM (SELECT * FROM core_event FINAL) AS r
LEFT JOIN (
    SELECT assumeNotNull(event_id) AS event_id, count() AS participants
    FROM core_eventparticipant FINAL
    WHERE event_id IS NOT NULL
    GROUP BY event_id
) AS p ON p.event_id = r.id
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'event') AS t ON t.id = r.id
ORDER BY upcoming DESC, if(upcoming, starts_at, NULL), starts_at DESC, event_id
