-- Content that waits for moderation (staff) or for its correction (author), now.
CREATE OR REPLACE VIEW v_content_backlog AS
SELECT
    c.content_type AS content_type,
    c.status AS status,
    transform(toString(c.status), $content_waiting_on, '') AS waiting_on,
    count() AS items,
    min(c.since) AS oldest_since,
    greatest(0, age('second', oldest_since, $now)) AS oldest_age_seconds
FROM content_items AS c FINAL
WHERE c.status IN $content_waiting
GROUP BY content_type, status
