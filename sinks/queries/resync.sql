-- title: {ru: Требуется пересинхронизация, kk: Қайта синхрондау қажет, en: Resync required}
-- answers: Which tables may miss changes until they are repaired, why, and the command that mends them.
-- domain: pipeline
-- kind: table
-- unit: tables
-- tables: [pipeline]
-- columns: [table, reason, command, required_at]
SELECT `table`, reason, command, required_at
FROM resync_required FINAL
WHERE resolved_at IS NULL
ORDER BY required_at, `table`
