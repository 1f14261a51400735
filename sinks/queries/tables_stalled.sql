-- title: {ru: Стоящие таблицы, kk: Тоқтаған кестелер, en: Tables that stand still}
-- answers: Of each captured table, whether its figures are unknown; 1 is yes.
-- domain: pipeline
-- kind: table
-- unit: tables
-- tables: [pipeline]
-- columns: [table, stalled]
-- metrics:
--   - {name: techhub_freshness_stalled, value: stalled, labels: [table]}
SELECT `table`, countIf(state = 'stalled') AS stalled
FROM v_freshness
GROUP BY `table`
ORDER BY stalled DESC, `table`
