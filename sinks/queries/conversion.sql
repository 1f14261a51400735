-- title: {ru: Конверсия, kk: Конверсия, en: Conversion}
-- answers: Of the requests created within the days, how many ever got to each milestone, by service.
-- domain: operations
-- kind: table
-- unit: requests
-- tables: [service_servicerequest, service_service]
-- columns: [service, title_ru, title_kk, title_en, created, reached_sent, reached_approved, reached_success,
--   reached_rejected, success_of_created]
-- parameters: {from_day: today-90d, to_day: today, services: []}
SELECT
    c.service AS service,
    any(coalesce(nullIf(t.title_ru, ''), c.service)) AS title_ru,
    any(coalesce(nullIf(t.title_kk, ''), c.service)) AS title_kk,
    any(coalesce(nullIf(t.title_en, ''), c.service)) AS title_en,
    sum(c.created) AS created,
    sum(c.reached_sent) AS reached_sent,
    sum(c.reached_approved) AS reached_approved,
    sum(c.reached_success) AS reached_success,
    sum(c.reached_rejected) AS reached_rejected,
    reached_success / created AS success_of_created
FROM v_request_conversion AS c
LEFT JOIN v_service_titles AS t ON t.service = c.service
WHERE c.cohort_day >= {from_day:Date32} AND c.cohort_day <= {to_day:Date32}
    AND (empty({services:Array(String)}) OR c.service IN {services:Array(String)})
GROUP BY service
ORDER BY created DESC, service
