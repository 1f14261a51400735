-- title: {ru: Очередь по исполнителям, kk: Орындаушылар бойынша кезек, en: Backlog by assignee}
-- answers: With whom the requests lie that wait for staff; NULL is nobody.
-- domain: operations
-- kind: bars
-- unit: requests
-- tables: [service_servicerequest]
-- columns: [assignee_id, requests, oldest_age_seconds]
-- parameters: {services: []}
SELECT assignee_id, sum(b.requests) AS requests, max(b.oldest_age_seconds) AS oldest_age_seconds
FROM v_request_backlog AS b
WHERE waiting_on = 'staff' AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
GROUP BY assignee_id
ORDER BY requests DESC, assignee_id
