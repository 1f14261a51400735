-- title: {ru: Переходы контента, kk: Контент ауысулары, en: Content flow}
-- answers: How much content came to which status, hour by hour.
-- domain: content
-- kind: series
-- unit: transitions
-- tables: [core_event, core_vacancy, core_blog, core_article]
-- columns: [hour, to_status, transitions]
-- parameters: {since: now-7d, until: now, types: []}
SELECT hour, to_status, sum(f.transitions) AS transitions
FROM v_content_flow_hourly AS f
WHERE hour >= {since:DateTime('UTC')} AND hour <= {until:DateTime('UTC')}
    AND (empty({types:Array(String)}) OR content_type IN {types:Array(String)})
GROUP BY hour, to_status
ORDER BY hour, to_status
