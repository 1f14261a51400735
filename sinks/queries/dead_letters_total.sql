-- title: {ru: Всего нечитаемых записей, kk: Оқылмайтын жазбалар барлығы, en: Dead letters in all}
-- answers: How many records could not be read, in all and since an instant.
-- domain: pipeline
-- kind: stat
-- unit: records
-- tables: [pipeline]
-- columns: [records, recent_records]
-- parameters: {since: now-1h}
-- thresholds:
--   recent_records: {warning: 1, critical: 50}
-- metrics:
--   - {name: techhub_dead_letters, value: records}
SELECT count() AS records, countIf(received_at >= {since:DateTime('UTC')}) AS recent_records
FROM dead_letters FINAL
