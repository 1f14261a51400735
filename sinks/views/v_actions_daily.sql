-- The action log by day and kind of action.
CREATE OR REPLACE VIEW v_actions_daily AS
SELECT
    toDate32(assumeNotNull(c.at), $timezone) AS day,
    c.action AS action,
    count() AS actions,
    uniqExact(c.user_id) AS users
FROM (SELECT user_id, ifNull(r.action, '') AS action, $created_at AS at FROM core_actionlog AS r FINAL) AS c
WHERE c.at IS NOT NULL
GROUP BY day, action
