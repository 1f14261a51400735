-- title: {ru: Открытые заявки, kk: Ашық өтінімдер, en: Open requests}
-- answers: Which requests a number is made of, the oldest first.
-- domain: operations
-- kind: table
-- unit: requests
-- tables: [service_servicerequest, service_service]
-- columns: [request_id, service, title_ru, title_kk, title_en, status, waiting_on, since, age_seconds, assignee_id,
--   expert_id, company_id, author_id, parent_id, children, form_1_filled, form_2_filled]
-- parameters: {services: [], statuses: [], waiting: [], assignees: [], experts: [], companies: [], min_age_seconds: 0, limit: 200}
-- thresholds:
--   age_seconds: {warning: 432000, critical: 1209600}
SELECT
    request_id, service, title_ru, title_kk, title_en, status, waiting_on, since, age_seconds,
    assignee_id, expert_id, company_id, author_id, parent_id, children, form_1_filled, form_2_filled
FROM v_requests_open
WHERE (empty({services:Array(String)}) OR service IN {services:Array(String)})
    AND (empty({statuses:Array(String)}) OR status IN {statuses:Array(String)})
    AND (empty({waiting:Array(String)}) OR waiting_on IN {waiting:Array(String)})
    AND (empty({assignees:Array(Int64)}) OR has({assignees:Array(Int64)}, ifNull(assignee_id, 0)))
    AND (empty({experts:Array(Int64)}) OR has({experts:Array(Int64)}, ifNull(expert_id, 0)))
    AND (empty({companies:Array(Int64)}) OR has({companies:Array(Int64)}, ifNull(company_id, 0)))
    AND age_seconds >= {min_age_seconds:UInt32}
ORDER BY age_seconds DESC, request_id
LIMIT {limit:UInt32}
