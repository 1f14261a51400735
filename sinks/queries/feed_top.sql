-- title: {ru: Топ ленты, kk: Таспа үздіктері, en: Top of the feed}
-- answers: What in the feed is viewed, commented and liked most.
-- domain: content
-- kind: table
-- unit: views
-- tables: [core_feed, core_comment, core_event, core_vacancy, core_blog, core_article]
-- columns: [rank, content_type, content_id, title_ru, title_kk, title_en, views, comments, reactions]
-- parameters: {types: [], limit: 10}
SELECT rank, content_type, content_id, title_ru, title_kk, title_en, views, comments, reactions
FROM v_feed_top
WHERE (empty({types:Array(String)}) OR content_type IN {types:Array(String)})
ORDER BY rank
LIMIT {limit:UInt32}
