-- Transitions of requests per hour, from the measure, for long ranges.
CREATE OR REPLACE VIEW v_request_flow_hourly AS
SELECT
    f.hour AS hour,
    f.service AS service,
    f.from_status AS from_status,
    f.to_status AS to_status,
    sum(f.transitions) AS transitions,
    sum(f.microseconds_in_from) / nullIf(sum(f.observed), 0) / 1000000 AS avg_seconds
FROM request_flow_1h AS f FINAL
GROUP BY hour, service, from_status, to_status
HAVING sum(f.transitions) != 0
