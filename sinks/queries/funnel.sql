-- title: {ru: Воронка, kk: Шұңғыма, en: Funnel}
-- answers: How many requests first got to each milestone within the days.
-- domain: operations
-- kind: bars
-- unit: requests
-- tables: [service_servicerequest, service_servicerequeststatus]
-- columns: [milestone, requests]
-- parameters: {from_day: today-30d, to_day: today, services: []}
SELECT milestone, requests
FROM (
    SELECT
        ['created', 'sent', 'approved', 'success', 'rejected'] AS milestones,
        [sum(created), sum(sent), sum(approved), sum(success), sum(rejected)] AS counts
    FROM v_request_funnel_daily
    WHERE day >= {from_day:Date32} AND day <= {to_day:Date32} AND (empty({services:Array(String)}) OR service IN {services:Array(String)})
)
ARRAY JOIN milestones AS milestone, counts AS requests
