-- Companies that were registered, blocked, freed or removed on a day, as the stream saw it.
CREATE OR REPLACE VIEW v_company_flow_daily AS
SELECT
    toDate32(f.at, $timezone) AS day,
    f.from_status AS from_status,
    f.to_status AS to_status,
    count() AS transitions
FROM company_transitions AS f FINAL
WHERE f.origin = 'stream'
GROUP BY day, from_status, to_status
