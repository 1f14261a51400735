-- title: {ru: Свежесть данных, kk: Деректердің жаңалығы, en: Freshness}
-- answers: How old the figures of each captured table are.
-- domain: pipeline
-- kind: table
-- unit: seconds
-- tables: [pipeline]
-- columns: [table, state, lag_seconds, seen_until, last_change_at, resync_reason]
-- thresholds:
--   lag_seconds: {warning: 5, critical: 15}
-- metrics:
--   - {name: techhub_freshness_lag_seconds, value: lag_seconds, labels: [table]}
SELECT `table`, state, lag_seconds, seen_until, last_change_at, resync_reason
FROM v_freshness
ORDER BY state = 'stalled' DESC, state = 'behind' DESC, lag_seconds DESC, `table`
