-- Requests that first got to each milestone on a day, with the service they had then.
CREATE OR REPLACE VIEW v_request_funnel_daily AS
SELECT
    toDate32(a.at, $timezone) AS day,
    a.service AS service,
    countIf(a.milestone = 'created') AS created,
    countIf(a.milestone = 'sent') AS sent,
    countIf(a.milestone = 'approved') AS approved,
    countIf(a.milestone = 'success') AS success,
    countIf(a.milestone = 'rejected') AS rejected
FROM v_request_arrivals AS a
GROUP BY day, service
