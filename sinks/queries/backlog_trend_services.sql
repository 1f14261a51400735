-- title: {ru: Динамика очереди по услугам, kk: "Кезек динамикасы, қызметтер бойынша", en: Backlog trend by service}
-- answers: How many requests of each service were open at the end of each hour.
-- domain: operations
-- kind: series
-- unit: requests
-- tables: [service_servicerequest]
-- columns: [hour, service, requests]
-- parameters: {since: now-7d, until: now, services: []}
SELECT hour, service, sum(b.requests) AS requests
FROM v_request_backlog_hourly AS b
WHERE hour >= {since:DateTime('UTC')} AND hour <= {until:DateTime('UTC')}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY hour, service
ORDER BY hour, service
