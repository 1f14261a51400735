-- Seconds from first sent (else creation) to first approved and to first success, on the day and with the service of the arrival.
CREATE OR REPLACE VIEW v_request_durations_daily AS
SELECT
    toDate32(arrival.2, $timezone) AS day,
    arrival.3 AS service,
    arrival.1 AS metric,
    count() AS requests,
    avg(seconds) AS avg_seconds,
    quantileExactInclusive(0.5)(seconds) AS p50_seconds,
    quantileExactInclusive(0.9)(seconds) AS p90_seconds
FROM (
    SELECT arrival, dateDiff('microsecond', assumeNotNull(started_at), arrival.2) / 1000000 AS seconds
    FROM (
        SELECT
            a.request_id AS request_id,
            coalesce(minOrNullIf(a.at, a.milestone = 'sent'), minOrNullIf(a.at, a.milestone = 'created')) AS started_at,
            groupArrayIf(
                (if(a.milestone = 'approved', 't2approve', 't2success'), a.at, a.service),
                a.milestone IN ('approved', 'success')
            ) AS arrivals
        FROM v_request_arrivals AS a
        GROUP BY request_id
    )
    ARRAY JOIN arrivals AS arrival
    WHERE started_at IS NOT NULL
)
GROUP BY day, service, metric
