-- How old the figures of each captured table are. A partition is seen until its last claim, else its last change; a table is seen
-- until the least of its partitions, and never where a partition has neither.
CREATE OR REPLACE VIEW v_freshness AS
WITH $now AS n
SELECT
    c.`table` AS `table`,
    s.last_change_at AS last_change_at,
    s.seen_until AS seen_until,
    if(s.seen_until IS NULL, NULL, greatest(0, dateDiff('microsecond', s.seen_until, n)) / 1000000) AS lag_seconds,
    multiIf(
        r.required OR s.seen_until IS NULL, 'stalled',
        lag_seconds > 15, 'stalled',
        lag_seconds > 5, 'behind',
        ifNull(dateDiff('microsecond', s.last_change_at, n) <= 300000000, false), 'live',
        'idle'
    ) AS state,
    nullIf(r.reason, '') AS resync_reason
FROM (SELECT arrayJoin($captured) AS `table`) AS c
LEFT JOIN (
    SELECT
        arrayElement(splitByChar('.', toString(p.topic)), -1) AS `table`,
        max(p.changed_at) AS last_change_at,
        if(count() = count(p.seen_at), min(p.seen_at), NULL) AS seen_until
    FROM (
        SELECT topic, partition, max(changed) AS changed_at, coalesce(max(claimed), max(changed)) AS seen_at
        FROM (
            SELECT topic, partition, nullIf(committed_at, toDateTime64(0, 6, 'UTC')) AS changed, NULL AS claimed
            FROM watermarks FINAL
            UNION ALL
            SELECT topic, partition, NULL AS changed, nullIf(k.seen_until, toDateTime64(0, 6, 'UTC')) AS claimed
            FROM seen_until AS k FINAL
        )
        GROUP BY topic, partition
    ) AS p
    GROUP BY `table`
) AS s ON s.`table` = c.`table`
LEFT JOIN (
    SELECT toString(`table`) AS `table`, true AS required, toNullable(reason) AS reason FROM resync_required FINAL WHERE resolved_at IS NULL
) AS r ON r.`table` = c.`table`
