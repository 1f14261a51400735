-- title: {ru: Позиции чтения, kk: Оқу орындары, en: Watermarks}
-- answers: How far each partition of the log is in ClickHouse, and of when its last change is.
-- domain: pipeline
-- kind: table
-- unit: offset
-- tables: [pipeline]
-- columns: [topic, partition, next_offset, committed_at, seen_until]
SELECT
    w.topic AS topic,
    w.partition AS partition,
    w.next_offset AS next_offset,
    nullIf(w.committed_at, toDateTime64(0, 6, 'UTC')) AS committed_at,
    nullIf(s.seen_until, toDateTime64(0, 6, 'UTC')) AS seen_until
FROM (SELECT * FROM watermarks FINAL) AS w
LEFT JOIN (SELECT * FROM seen_until FINAL) AS s ON s.topic = w.topic AND s.partition = w.partition
ORDER BY topic, partition
