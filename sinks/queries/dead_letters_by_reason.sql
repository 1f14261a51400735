-- title: {ru: Нечитаемые записи по причинам, kk: "Оқылмайтын жазбалар, себептері бойынша", en: Dead letters by reason}
-- answers: How many records could not be read, why, and when the last of them came.
-- domain: pipeline
-- kind: table
-- unit: records
-- tables: [pipeline]
-- columns: [topic, reason, records, first_received_at, last_received_at]
-- parameters: {since: today-30d, limit: 100}
SELECT topic, reason, count() AS records, min(received_at) AS first_received_at, max(received_at) AS last_received_at
FROM dead_letters FINAL
WHERE received_at >= {since:DateTime('UTC')}
GROUP BY topic, reason
ORDER BY last_received_at DESC, topic, reason
LIMIT {limit:UInt32}
