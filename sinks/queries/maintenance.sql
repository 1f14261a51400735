-- title: {ru: Технические работы, kk: Техникалық жұмыстар, en: Maintenance}
-- answers: Whether maintenance is announced, why, by whom and until when; no row is no.
-- domain: pipeline
-- kind: table
-- unit: seconds
-- tables: [pipeline]
-- columns: [reason, announced_by, started_at, ends_at, remaining_seconds]
-- metrics:
--   - {name: techhub_maintenance_remaining_seconds, value: remaining_seconds}
SELECT reason, announced_by, started_at, ends_at, dateDiff('second', now64(6, 'UTC'), ends_at) AS remaining_seconds
FROM maintenance FINAL
WHERE ends_at > now64(6, 'UTC')
ORDER BY ends_at DESC
LIMIT 1
