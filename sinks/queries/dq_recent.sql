-- title: {ru: Новые замечания к данным, kk: Деректерге жаңа ескертулер, en: Issues found lately}
-- answers: Which data quality issues the stream found within the span.
-- domain: pipeline
-- kind: table
-- unit: issues
-- tables: [pipeline]
-- columns: [detected_at, rule, entity, entity_id, detail, resolved_at]
-- parameters: {since: now-24h, until: now, limit: 200}
SELECT detected_at, rule, entity, entity_id, detail, resolved_at
FROM dq_issues FINAL
WHERE detected_at >= {since:DateTime('UTC')} AND detected_at <= {until:DateTime('UTC')}
ORDER BY detected_at DESC, rule, entity, entity_id
LIMIT {limit:UInt32}
