-- title: {ru: Рост очереди, kk: Кезектің өсуі, en: Backlog growth}
-- answers: By how much the backlog of each service has grown within a number of hours; NULL where capture began later.
-- domain: operations
-- kind: bars
-- unit: requests
-- tables: [service_servicerequest]
-- columns: [service, requests, requests_before, growth]
-- parameters: {hours: 24, services: []}
-- thresholds:
--   growth: {warning: 30, critical: 100}
-- metrics:
--   - {name: techhub_backlog_growth_requests, value: growth, labels: [service]}
SELECT
    service,
    sumIf(b.requests, hour = last_hour) AS requests,
    if(earlier < first_hour, NULL, sumIf(b.requests, hour = earlier)) AS requests_before,
    toInt64(requests) - toInt64(requests_before) AS growth
FROM v_request_backlog_hourly AS b
CROSS JOIN (
    SELECT
        min(hour) AS first_hour,
        max(hour) AS last_hour,
        last_hour - toIntervalHour({hours:UInt32}) AS earlier
    FROM v_request_backlog_hourly
) AS span
WHERE (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY service, first_hour, earlier
ORDER BY growth DESC, service
