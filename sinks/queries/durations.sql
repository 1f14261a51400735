-- title: {ru: Сроки рассмотрения по дням, kk: "Қарау мерзімдері, күн сайын", en: Durations per day}
-- answers: How long it took from first sent to first approved (t2approve) and to success (t2success), by day of arrival and service.
-- domain: operations
-- kind: table
-- unit: seconds
-- tables: [service_servicerequest, service_servicerequeststatus]
-- columns: [day, service, milestone_metric, requests, avg_seconds, p50_seconds, p90_seconds]
-- parameters: {from_day: today-30d, to_day: today, services: []}
SELECT day, service, metric AS milestone_metric, requests, avg_seconds, p50_seconds, p90_seconds
FROM v_request_durations_daily
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
ORDER BY day DESC, milestone_metric, service
