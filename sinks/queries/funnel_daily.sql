-- title: {ru: Воронка по дням, kk: Күндер бойынша шұңғыма, en: Funnel per day}
-- answers: How many requests first got to each milestone on a day.
-- domain: operations
-- kind: series
-- unit: requests
-- tables: [service_servicerequest, service_servicerequeststatus]
-- columns: [day, created, sent, approved, success, rejected]
-- parameters: {from_day: today-30d, to_day: today, services: []}
SELECT
    day,
    sum(f.created) AS created,
    sum(f.sent) AS sent,
    sum(f.approved) AS approved,
    sum(f.success) AS success,
    sum(f.rejected) AS rejected
FROM v_request_funnel_daily AS f
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY day
ORDER BY day
