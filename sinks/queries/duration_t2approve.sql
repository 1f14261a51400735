-- title: {ru: Время до одобрения, kk: Мақұлдауға дейінгі уақыт, en: Time to approval}
-- answers: How long requests took from first sent to first approved; the slowest service's 90 % and the mean over all, by day.
-- domain: operations
-- kind: series
-- unit: seconds
-- tables: [service_servicerequest, service_servicerequeststatus]
-- columns: [day, avg_seconds, worst_p90_seconds]
-- parameters: {from_day: today-30d, to_day: today, services: []}
SELECT
    day,
    sum(d.avg_seconds * d.requests) / sum(d.requests) AS avg_seconds,
    max(d.p90_seconds) AS worst_p90_seconds
FROM v_request_durations_daily AS d
WHERE metric = 't2approve' AND day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY day
ORDER BY day
