-- Transitions of content per hour, as the stream saw them.
CREATE OR REPLACE VIEW v_content_flow_hourly AS
SELECT
    toStartOfHour(f.at) AS hour,
    f.content_type AS content_type,
    f.from_status AS from_status,
    f.to_status AS to_status,
    count() AS transitions,
    avg(f.seconds_in_from) AS avg_seconds
FROM content_transitions AS f FINAL
WHERE f.origin = 'stream'
GROUP BY hour, content_type, from_status, to_status
