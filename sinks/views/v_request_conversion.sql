-- Of the requests created on a day, how many ever got to each milestone, also where only a snapshot shows that they did.
CREATE OR REPLACE VIEW v_request_conversion AS
SELECT
    toDate32(c.at, $timezone) AS cohort_day,
    c.service AS service,
    count() AS created,
    countIf(g.sent) AS reached_sent,
    countIf(g.approved) AS reached_approved,
    countIf(g.success) AS reached_success,
    countIf(g.rejected) AS reached_rejected
FROM v_request_creations AS c
LEFT JOIN (
    SELECT
        request_id,
        max(to_status = $request_sent) AS sent,
        max(to_status = $request_approved) AS approved,
        max(to_status = $request_success) AS success,
        max(to_status IN $request_rejected) AS rejected
    FROM request_transitions FINAL
    GROUP BY request_id
) AS g ON g.request_id = c.request_id
GROUP BY cohort_day, service
