-- When each request first got to a milestone (created, sent, approved, success, rejected), with the service it had then.
-- Over what the stream saw and what the history table tells; where a snapshot found a request is no arrival.
CREATE OR REPLACE VIEW v_request_arrivals AS
SELECT
    f.request_id AS request_id,
    multiIf(
        f.to_status = $request_sent, 'sent',
        f.to_status = $request_approved, 'approved',
        f.to_status = $request_success, 'success',
        'rejected'
    ) AS milestone,
    min(f.at) AS at,
    argMin(f.service, (f.at, f.origin = 'stream', f._version)) AS service
FROM request_transitions AS f FINAL
WHERE f.origin != 'snapshot'
    AND (f.to_status IN ($request_sent, $request_approved, $request_success) OR f.to_status IN $request_rejected)
GROUP BY request_id, milestone
UNION ALL
SELECT request_id, 'created' AS milestone, at, service
FROM v_request_creations
