-- title: {ru: Очередь заявок, kk: Өтінімдер кезегі, en: Request backlog}
-- answers: How many requests wait for whom, by service and status, and since when the oldest of them does.
-- domain: operations
-- kind: table
-- unit: requests
-- tables: [service_servicerequest, service_service]
-- columns: [service, title_ru, title_kk, title_en, status, waiting_on, requests, oldest_since, oldest_age_seconds]
-- parameters: {services: [], statuses: [], waiting: []}
-- thresholds:
--   oldest_age_seconds: {warning: 432000, critical: 1209600}
-- metrics:
--   - {name: techhub_backlog_requests, value: requests, labels: [service, status]}
--   - {name: techhub_backlog_oldest_age_seconds, value: oldest_age_seconds, labels: [service, status]}
SELECT
    service,
    any(b.title_ru) AS title_ru,
    any(b.title_kk) AS title_kk,
    any(b.title_en) AS title_en,
    status,
    waiting_on,
    sum(b.requests) AS requests,
    min(b.oldest_since) AS oldest_since,
    max(b.oldest_age_seconds) AS oldest_age_seconds
FROM v_request_backlog AS b
WHERE (empty({services:Array(String)}) OR service IN {services:Array(String)})
    AND (empty({statuses:Array(String)}) OR status IN {statuses:Array(String)})
    AND (empty({waiting:Array(String)}) OR waiting_on IN {waiting:Array(String)})
GROUP BY service, status, waiting_on
ORDER BY oldest_age_seconds DESC, service, status
