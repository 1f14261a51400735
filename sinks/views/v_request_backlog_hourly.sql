-- The backlog at the end of each of the last 168 hours since capture began (the present hour: now); hours without any are left out.
-- Walks backwards from the stock: step 0 is the stock, step i takes back what hour i - 1 had changed. So the cost depends on the window only.
CREATE OR REPLACE VIEW v_request_backlog_hourly AS
WITH
    toStartOfHour($now) AS last_hour,
    toUInt32(least(168, dateDiff('hour', ifNull((SELECT min(hour) FROM request_backlog_1h), last_hour), last_hour) + 1)) AS hours
SELECT
    last_hour - toIntervalHour(back) AS hour,
    service,
    status,
    level AS requests
FROM (
    SELECT service, status, arrayCumSum(arrayMap(i -> sumMap(step)[toUInt32(i)], range(hours))) AS levels
    FROM (
        SELECT b.service AS service, b.status AS status, map(toUInt32(0), sum(b.requests)) AS step
        FROM request_backlog AS b FINAL
        GROUP BY service, status
        UNION ALL
        SELECT
            c.service AS service,
            c.status AS status,
            map(toUInt32(dateDiff('hour', least(c.hour, last_hour), last_hour) + 1), -sum(c.requests)) AS step
        FROM request_backlog_1h AS c FINAL
        WHERE c.hour > last_hour - toIntervalHour(168)
        GROUP BY service, status, c.hour
    )
    GROUP BY service, status
)
ARRAY JOIN levels AS level, range(length(levels)) AS back
WHERE level != 0
