-- title: {ru: Состояние конвейера, kk: Конвейердің күйі, en: State of the pipeline}
-- answers: How many tables are live or idle, behind or stalled, and how old the oldest figure is; NULL where that is unknown.
-- domain: pipeline
-- kind: stat
-- unit: tables
-- tables: [pipeline]
-- columns: [tables, fresh, behind, stalled, worst_lag_seconds]
-- parameters: {tables: []}
-- thresholds:
--   behind: {warning: 1, critical: 1000}
--   stalled: {warning: 1, critical: 1}
--   worst_lag_seconds: {warning: 5, critical: 15}
-- metrics:
--   - {name: techhub_tables_behind, value: behind}
--   - {name: techhub_tables_stalled, value: stalled}
SELECT
    count() AS tables,
    countIf(state IN ('live', 'idle')) AS fresh,
    countIf(state = 'behind') AS behind,
    countIf(state = 'stalled') AS stalled,
    if(countIf(lag_seconds IS NULL) > 0, NULL, max(lag_seconds)) AS worst_lag_seconds
FROM v_freshness
WHERE empty({tables:Array(String)}) OR has({tables:Array(String)}, `table`)
