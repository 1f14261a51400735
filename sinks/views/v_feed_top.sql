-- What the feed shows, the most watched first: by views, then comments, then reactions, then the newer id.
-- Discussions and tasks have neither title nor views here. Vacancies count views where the source does; only blogs and articles have reactions.
CREATE OR REPLACE VIEW v_feed_top AS
SELECT
    f.content_type AS content_type,
    f.content_id AS content_id,
    coalesce(nullIf(t.title_ru, ''), toString(f.content_id)) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), toString(f.content_id)) AS title_kk,
    coalesce(nullIf(t.title_en, ''), toString(f.content_id)) AS title_en,
    ifNull(s.views, 0) AS views,
    ifNull(c.comments, 0) AS comments,
    ifNull(s.reactions, 0) AS reactions,
    row_number() OVER (ORDER BY views DESC, comments DESC, reactions DESC, f.content_id DESC, f.content_type) AS rank
FROM v_feed_items AS f
LEFT JOIN v_titles AS t ON t.kind = f.content_type AND t.id = f.content_id
LEFT JOIN (
    SELECT 'event' AS content_type, id, ifNull(view_count, 0) AS views, toUInt64(0) AS reactions FROM core_event FINAL
    UNION ALL
    SELECT 'vacancy' AS content_type, id, ifNull(view_count, 0) AS views, toUInt64(0) AS reactions FROM core_vacancy FINAL
    UNION ALL
    SELECT 'blog' AS content_type, id, ifNull(view_count, 0) AS views, toUInt64(likes + dislikes) AS reactions FROM core_blog FINAL
    UNION ALL
    SELECT 'article' AS content_type, id, ifNull(view_count, 0) AS views, toUInt64(likes + dislikes) AS reactions FROM core_article FINAL
) AS s ON s.content_type = f.content_type AND s.id = f.content_id
LEFT JOIN (
    SELECT
        $about AS content_type,
        assumeNotNull(primary_key) AS id,
        count() AS comments
    FROM core_comment FINAL
    WHERE source IS NOT NULL AND primary_key IS NOT NULL
    GROUP BY content_type, id
) AS c ON c.content_type = f.content_type AND c.id = f.content_id
ORDER BY rank
