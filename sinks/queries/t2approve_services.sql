-- title: {ru: Время до одобрения по услугам, kk: "Мақұлдауға дейінгі уақыт, қызметтер бойынша", en: Time to approval by service}
-- answers: The worst day's 90 % of the time from first sent to first approved, by service.
-- domain: operations
-- kind: bars
-- unit: seconds
-- tables: [service_servicerequest, service_servicerequeststatus]
-- columns: [service, requests, worst_p90_seconds]
-- parameters: {from_day: today-7d, to_day: today, services: []}
-- thresholds:
--   worst_p90_seconds: {warning: 432000, critical: 864000}
-- metrics:
--   - {name: techhub_t2approve_p90_seconds, value: worst_p90_seconds, labels: [service]}
SELECT service, sum(d.requests) AS requests, max(d.p90_seconds) AS worst_p90_seconds
FROM v_request_durations_daily AS d
WHERE metric = 't2approve' AND day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY service
ORDER BY worst_p90_seconds DESC, service
