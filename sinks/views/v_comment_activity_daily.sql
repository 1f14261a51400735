-- Comments that exist now by the day they were written and what they are about; answers among them, their statuses and reactions.
CREATE OR REPLACE VIEW v_comment_activity_daily AS
SELECT
    toDate32(assumeNotNull(c.at), $timezone) AS day,
    c.source AS source,
    count() AS comments,
    countIf(c.parent_id IS NOT NULL) AS replies,
    sumMap(map(toString(c.status), toUInt64(1))) AS statuses,
    sum(c.likes) AS likes,
    sum(c.dislikes) AS dislikes,
    likes + dislikes AS reactions
FROM (
    SELECT ifNull(r.source, '') AS source, parent_id, status, likes, dislikes, $created_at AS at
    FROM core_comment AS r FINAL
) AS c
WHERE c.at IS NOT NULL
GROUP BY day, source
