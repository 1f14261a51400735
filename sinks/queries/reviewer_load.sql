-- title: {ru: Нагрузка сотрудников, kk: Қызметкерлер жүктемесі, en: Reviewer load}
-- answers: How many open requests each assignee and expert has, and how fast they closed those of the last 168 hours.
-- domain: operations
-- kind: table
-- unit: requests
-- tables: [service_servicerequest, service_servicerequeststatus]
-- columns: [role, user_id, open, closed_7d, median_handling_seconds]
-- parameters: {roles: []}
-- thresholds:
--   open: {warning: 30, critical: 60}
SELECT role, user_id, open, closed_7d, median_handling_seconds
FROM v_reviewer_load
WHERE empty({roles:Array(String)}) OR role IN {roles:Array(String)}
ORDER BY open DESC, role, user_id
