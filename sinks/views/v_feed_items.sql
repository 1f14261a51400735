-- Content that the feed shows (not unpublished there), each once, with the instant it came into the feed.
CREATE OR REPLACE VIEW v_feed_items AS
SELECT item.1 AS content_type, assumeNotNull(item.2) AS content_id, min(f.at) AS at
FROM (
    SELECT
        [
            ('article', r.article_id), ('blog', r.blog_id), ('discussion', r.discussion_id),
            ('event', r.event_id), ('techtask', r.techtask_id), ('vacancy', r.vacancy_id)
        ] AS items,
        $created_at AS at
    FROM core_feed AS r FINAL
    WHERE ifNull(r.published, true)
) AS f
ARRAY JOIN f.items AS item
WHERE item.2 IS NOT NULL
GROUP BY content_type, content_id
