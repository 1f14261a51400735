-- Text messages by day and kind; never whom to or what.
CREATE OR REPLACE VIEW v_sms_daily AS
SELECT
    toDate32(assumeNotNull(c.at), $timezone) AS day,
    c.kind AS kind,
    count() AS messages
FROM (SELECT ifNull(r.sms_type, '') AS kind, $created_at AS at FROM shared_smslog AS r FINAL) AS c
WHERE c.at IS NOT NULL
GROUP BY day, kind
