-- Content by the day it came into the feed and its type.
CREATE OR REPLACE VIEW v_feed_daily AS
SELECT toDate32(assumeNotNull(f.at), $timezone) AS day, f.content_type AS content_type, count() AS items
FROM v_feed_items AS f
WHERE f.at IS NOT NULL
GROUP BY day, content_type
