-- What was said about the requests of each service: expertises, votes, protocols, reports. A request that is gone counts under the service ''.
CREATE OR REPLACE VIEW v_request_reviews AS
SELECT
    r.service AS service,
    any(coalesce(nullIf(t.title_ru, ''), r.service)) AS title_ru,
    any(coalesce(nullIf(t.title_kk, ''), r.service)) AS title_kk,
    any(coalesce(nullIf(t.title_en, ''), r.service)) AS title_en,
    uniqExact(p.request_id) AS requests,
    countIf(p.what = 'expertises') AS expertises,
    countIf(p.what = 'votes') AS votes,
    countIf(p.what = 'reports') AS reports,
    countIf(p.what = 'protocols_accepted') AS protocols_accepted,
    countIf(p.what = 'protocols_rejected') AS protocols_rejected,
    countIf(p.what = 'seed_money_reports') AS seed_money_reports,
    countIf(p.what = 'external_requests') AS external_requests
FROM (
    SELECT 'expertises' AS what, service_request_id AS request_id FROM service_expertise FINAL
    UNION ALL
    SELECT 'votes' AS what, service_request_id AS request_id FROM service_vote FINAL
    UNION ALL
    SELECT 'reports' AS what, service_request_id AS request_id FROM service_report FINAL
    UNION ALL
    SELECT 'protocols_accepted' AS what, servicerequest_id AS request_id FROM service_protocol_accepted FINAL
    UNION ALL
    SELECT 'protocols_rejected' AS what, servicerequest_id AS request_id FROM service_protocol_rejected FINAL
    UNION ALL
    SELECT 'seed_money_reports' AS what, service_request_id AS request_id FROM service_seedmoneyreport FINAL
    UNION ALL
    SELECT 'external_requests' AS what, service_request_id AS request_id FROM service_externalrequest FINAL
) AS p
LEFT JOIN (SELECT toNullable(request_id) AS request_id, toString(service) AS service FROM requests FINAL) AS r ON r.request_id = p.request_id
LEFT JOIN v_service_titles AS t ON t.service = r.service
WHERE p.request_id IS NOT NULL
GROUP BY service
