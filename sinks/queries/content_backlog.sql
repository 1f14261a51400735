-- title: {ru: Очередь модерации, kk: Модерация кезегі, en: Moderation queue}
-- answers: How much content of each type waits for moderation or correction, and since when.
-- domain: content
-- kind: table
-- unit: items
-- tables: [core_event, core_vacancy, core_blog, core_article]
-- columns: [content_type, status, waiting_on, items, oldest_since, oldest_age_seconds]
-- parameters: {types: []}
-- thresholds:
--   oldest_age_seconds: {warning: 172800, critical: 432000}
-- metrics:
--   - {name: techhub_content_backlog_items, value: items, labels: [content_type, status]}
--   - {name: techhub_content_backlog_oldest_age_seconds, value: oldest_age_seconds, labels: [content_type, status]}
SELECT content_type, status, waiting_on, items, oldest_since, oldest_age_seconds
FROM v_content_backlog
WHERE (empty({types:Array(String)}) OR content_type IN {types:Array(String)})
ORDER BY oldest_age_seconds DESC, content_type, status
