-- title: {ru: Переходы по минутам, kk: Минут сайынғы ауысулар, en: Flow per minute}
-- answers: How many requests changed from which status to which, minute by minute or in longer steps.
-- domain: operations
-- kind: series
-- unit: transitions
-- tables: [service_servicerequest]
-- columns: [minute, from_status, to_status, transitions]
-- parameters: {since: now-1h, until: now, bucket_seconds: 60, services: []}
SELECT
    toStartOfInterval(f.minute, toIntervalSecond({bucket_seconds:UInt32})) AS minute,
    from_status,
    to_status,
    sum(f.transitions) AS transitions
FROM v_request_flow AS f
WHERE f.minute >= {since:DateTime('UTC')} AND f.minute <= {until:DateTime('UTC')}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY minute, from_status, to_status
ORDER BY minute, from_status, to_status
