-- The content backlog at the end of each of the last 168 hours since capture began (the present hour: now); hours without any are left out.
-- Walks backwards from the stock, like v_request_backlog_hourly.
CREATE OR REPLACE VIEW v_content_backlog_hourly AS
WITH
    toStartOfHour($now) AS last_hour,
    toUInt32(least(168, dateDiff('hour', ifNull((SELECT min(hour) FROM content_backlog_1h), last_hour), last_hour) + 1)) AS hours
SELECT
    last_hour - toIntervalHour(back) AS hour,
    content_type,
    status,
    level AS items
FROM (
    SELECT content_type, status, arrayCumSum(arrayMap(i -> sumMap(step)[toUInt32(i)], range(hours))) AS levels
    FROM (
        SELECT b.content_type AS content_type, b.status AS status, map(toUInt32(0), sum(b.items)) AS step
        FROM content_backlog AS b FINAL
        GROUP BY content_type, status
        UNION ALL
        SELECT
            c.content_type AS content_type,
            c.status AS status,
            map(toUInt32(dateDiff('hour', least(c.hour, last_hour), last_hour) + 1), -sum(c.items)) AS step
        FROM content_backlog_1h AS c FINAL
        WHERE c.hour > last_hour - toIntervalHour(168)
        GROUP BY content_type, status, c.hour
    )
    GROUP BY content_type, status
)
ARRAY JOIN levels AS level, range(length(levels)) AS back
WHERE level != 0
