-- Content that was first published, first rejected, or deleted (by its status, or its row) on a day, of whom it was then.
CREATE OR REPLACE VIEW v_content_publications_daily AS
SELECT
    toDate32(a.at, $timezone) AS day,
    a.content_type AS content_type,
    a.owner.1 AS company_id,
    a.owner.2 AS organization_id,
    a.owner.3 AS author_id,
    countIf(a.milestone = 'published') AS published,
    countIf(a.milestone = 'rejected') AS rejected,
    countIf(a.milestone = 'deleted') AS deleted
FROM (
    SELECT
        f.content_type AS content_type,
        f.content_id AS content_id,
        multiIf(f.to_status = $content_published, 'published', f.to_status = 'reject', 'rejected', 'deleted') AS milestone,
        min(f.at) AS at,
        argMin((f.company_id, f.organization_id, f.author_id), (f.at, f._version)) AS owner
    FROM content_transitions AS f FINAL
    WHERE f.origin = 'stream' AND f.to_status IN ($content_published, 'reject', 'deleted', 'removed')
    GROUP BY content_type, content_id, milestone
) AS a
GROUP BY day, content_type, company_id, organization_id, author_id
