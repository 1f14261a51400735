-- Companies and organizations with content: their events with participants and views, and all that they have published.
CREATE OR REPLACE VIEW v_organisers AS
SELECT
    o.kind AS kind,
    o.organiser_id AS organiser_id,
    if(o.kind = 'organization', coalesce(nullIf(t.title_ru, ''), toString(o.organiser_id)), toString(o.organiser_id)) AS title_ru,
    if(o.kind = 'organization', coalesce(nullIf(t.title_kk, ''), toString(o.organiser_id)), toString(o.organiser_id)) AS title_kk,
    if(o.kind = 'organization', coalesce(nullIf(t.title_en, ''), toString(o.organiser_id)), toString(o.organiser_id)) AS title_en,
    o.events AS events,
    o.participants AS participants,
    o.views AS views,
    o.publications AS publications
FROM (
    SELECT
        owner.1 AS kind,
        assumeNotNull(owner.2) AS organiser_id,
        countIf(i.content_type = 'event') AS events,
        sum(e.participants) AS participants,
        sum(e.views) AS views,
        countIf(i.status = $content_published) AS publications
    FROM (SELECT * FROM content_items FINAL) AS i
    LEFT JOIN (SELECT 'event' AS content_type, event_id, participants, views FROM v_events) AS e
        ON e.event_id = i.content_id AND e.content_type = i.content_type
    ARRAY JOIN [('company', i.company_id), ('organization', i.organization_id)] AS owner
    WHERE owner.2 IS NOT NULL
    GROUP BY kind, organiser_id
) AS o
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'organization') AS t ON t.id = o.organiser_id
