-- title: {ru: Пульс, kk: Тамыр соғысы, en: Pulse}
-- answers: How far each captured table is in the log, how long ago it had been seen, and whether it waits for a repair.
-- domain: pipeline
-- kind: table
-- unit: seconds
-- tables: [pipeline]
-- columns: [table, position, lag_seconds, resync]
SELECT
    f.`table` AS `table`,
    p.position AS position,
    f.lag_seconds AS lag_seconds,
    toBool(f.resync_reason IS NOT NULL) AS resync
FROM v_freshness AS f
LEFT JOIN (
    SELECT arrayElement(splitByChar('.', toString(topic)), -1) AS `table`, sum(next_offset) AS position
    FROM watermarks FINAL
    GROUP BY `table`
) AS p ON p.`table` = f.`table`
ORDER BY `table`
