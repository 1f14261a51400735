-- title: {ru: Переходы по часам, kk: Сағат сайынғы ауысулар, en: Flow per hour}
-- answers: How many requests changed from which status to which, hour by hour.
-- domain: operations
-- kind: series
-- unit: transitions
-- tables: [service_servicerequest]
-- columns: [hour, from_status, to_status, transitions]
-- parameters: {since: now-7d, until: now, services: []}
SELECT hour, from_status, to_status, sum(f.transitions) AS transitions
FROM v_request_flow_hourly AS f
WHERE hour >= {since:DateTime('UTC')} AND hour <= {until:DateTime('UTC')}
    AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY hour, from_status, to_status
ORDER BY hour, from_status, to_status
