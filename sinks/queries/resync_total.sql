-- title: {ru: Таблиц к пересинхронизации, kk: Қайта синхрондалатын кестелер, en: Tables to resync}
-- answers: How many tables may miss changes until they are repaired.
-- domain: pipeline
-- kind: stat
-- unit: tables
-- tables: [pipeline]
-- columns: [tables]
-- thresholds:
--   tables: {warning: 1, critical: 1}
-- metrics:
--   - {name: techhub_resync_required_tables, value: tables}
SELECT count() AS tables
FROM resync_required FINAL
WHERE resolved_at IS NULL
