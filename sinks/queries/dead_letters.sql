-- title: {ru: Нечитаемые записи, kk: Оқылмайтын жазбалар, en: Dead letters}
-- answers: Which records could not be read, the latest first; their key and value are in the table dead_letters.
-- domain: pipeline
-- kind: table
-- unit: records
-- tables: [pipeline]
-- columns: [received_at, topic, partition, offset, reason]
-- parameters: {limit: 100}
SELECT received_at, topic, partition, offset, reason
FROM dead_letters FINAL
ORDER BY received_at DESC, topic, partition, offset
LIMIT {limit:UInt32}
