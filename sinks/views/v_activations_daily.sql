-- Activations of accounts by the day they were asked for.
CREATE OR REPLACE VIEW v_activations_daily AS
SELECT
    toDate32(assumeNotNull(c.at), $timezone) AS day,
    count() AS activations,
    uniqExact(c.user_id) AS users
FROM (SELECT user_id, $created_at AS at FROM account_activation AS r FINAL) AS c
WHERE c.at IS NOT NULL
GROUP BY day
