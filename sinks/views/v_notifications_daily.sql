-- Notifications by day, and how many of them were read.
CREATE OR REPLACE VIEW v_notifications_daily AS
SELECT
    toDate32(assumeNotNull(c.at), $timezone) AS day,
    count() AS notifications,
    countIf(ifNull(c.is_read, false)) AS read,
    uniqExact(c.user_id) AS users
FROM (SELECT user_id, is_read, $created_at AS at FROM core_notification AS r FINAL) AS c
WHERE c.at IS NOT NULL
GROUP BY day
