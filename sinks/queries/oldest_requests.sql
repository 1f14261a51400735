-- title: {ru: Дольше всех ждут, kk: Ең ұзақ күткендер, en: Longest waiting}
-- answers: Which requests of each service have waited for staff the longest; what an alert names.
-- domain: operations
-- kind: table
-- unit: seconds
-- tables: [service_servicerequest, service_service]
-- columns: [service, request_id, age_seconds]
-- parameters: {per_service: 3, limit: 300}
-- metrics:
--   - {name: techhub_oldest_request_age_seconds, value: age_seconds, labels: [service, request_id]}
SELECT service, request_id, age_seconds
FROM v_requests_open
WHERE waiting_on = 'staff'
ORDER BY age_seconds DESC, request_id
LIMIT {per_service:UInt32} BY service
LIMIT {limit:UInt32}
