-- title: {ru: Экспертизы и протоколы, kk: Сараптамалар мен хаттамалар, en: Expertises and protocols}
-- answers: How many expertises, votes, protocols and reports the requests of each service have.
-- domain: operations
-- kind: table
-- unit: reviews
-- tables: [service_expertise, service_vote, service_report, service_protocol_accepted, service_protocol_rejected,
--   service_seedmoneyreport, service_externalrequest, service_servicerequest]
-- columns: [service, title_ru, title_kk, title_en, requests, expertises, votes, reports, protocols_accepted,
--   protocols_rejected, seed_money_reports, external_requests]
-- parameters: {services: []}
SELECT
    service, title_ru, title_kk, title_en, requests, expertises, votes, reports,
    protocols_accepted, protocols_rejected, seed_money_reports, external_requests
FROM v_request_reviews
WHERE (empty({services:Array(String)}) OR service IN {services:Array(String)})
ORDER BY requests DESC, service
