-- title: {ru: Всего в очереди, kk: Кезекте барлығы, en: Waiting in all}
-- answers: How many requests are open, how many of them wait for staff, and how long the oldest of those has waited.
-- domain: operations
-- kind: stat
-- unit: requests
-- tables: [service_servicerequest]
-- columns: [requests, waiting_for_staff, unassigned, oldest_age_seconds]
-- parameters: {services: [], statuses: []}
-- thresholds:
--   oldest_age_seconds: {warning: 432000, critical: 1209600}
SELECT
    count() AS requests,
    countIf(waiting_on = 'staff') AS waiting_for_staff,
    countIf(waiting_on = 'staff' AND assignee_id IS NULL) AS unassigned,
    maxOrNullIf(age_seconds, waiting_on = 'staff') AS oldest_age_seconds
FROM v_requests_open
WHERE (empty({services:Array(String)}) OR service IN {services:Array(String)})
    AND (empty({statuses:Array(String)}) OR status IN {statuses:Array(String)})
