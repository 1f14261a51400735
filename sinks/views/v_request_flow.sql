-- Transitions of requests per minute, as the stream saw them; filter by time.
CREATE OR REPLACE VIEW v_request_flow AS
SELECT
    toStartOfMinute(f.at) AS minute,
    f.service AS service,
    f.from_status AS from_status,
    f.to_status AS to_status,
    count() AS transitions,
    avg(f.seconds_in_from) AS avg_seconds
FROM request_transitions AS f FINAL
WHERE f.origin = 'stream'
GROUP BY minute, service, from_status, to_status
