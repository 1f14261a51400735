-- title: {ru: Динамика модерации, kk: Модерация динамикасы, en: Moderation trend}
-- answers: How much content of each type waited at the end of each hour.
-- domain: content
-- kind: series
-- unit: items
-- tables: [core_event, core_vacancy, core_blog, core_article]
-- columns: [hour, content_type, items]
-- parameters: {since: now-7d, until: now, types: []}
SELECT hour, content_type, sum(b.items) AS items
FROM v_content_backlog_hourly AS b
WHERE hour >= {since:DateTime('UTC')} AND hour <= {until:DateTime('UTC')}
    AND (empty({types:Array(String)}) OR content_type IN {types:Array(String)})
GROUP BY hour, content_type
ORDER BY hour, content_type
