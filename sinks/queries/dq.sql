-- title: {ru: Качество данных, kk: Деректер сапасы, en: Data quality}
-- answers: How many data quality issues are open, by rule and table.
-- domain: pipeline
-- kind: table
-- unit: issues
-- tables: [pipeline]
-- columns: [rule, entity, issues, last_detected_at]
-- metrics:
--   - {name: techhub_dq_issues, value: issues, labels: [rule, entity]}
SELECT rule, entity, open AS issues, last_detected_at
FROM v_dq
ORDER BY issues DESC, rule, entity
