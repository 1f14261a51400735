-- title: {ru: Динамика очереди по статусам, kk: "Кезек динамикасы, мәртебелер бойынша", en: Backlog trend by status}
-- answers: How many requests of each status were open at the end of each hour.
-- domain: operations
-- kind: series
-- unit: requests
-- tables: [service_servicerequest]
-- columns: [hour, status, requests]
-- parameters: {since: now-7d, until: now, services: [], statuses: []}
SELECT hour, status, sum(b.requests) AS requests
FROM v_request_backlog_hourly AS b
WHERE hour >= {since:DateTime('UTC')} AND hour <= {until:DateTime('UTC')}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
    AND (empty({statuses:Array(String)}) OR status IN {statuses:Array(String)})
GROUP BY hour, status
ORDER BY hour, status
