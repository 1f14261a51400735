-- title: {ru: Итоги по услугам, kk: Қызметтер бойынша нәтижелер, en: Outcomes by service}
-- answers: What became of the requests of each service; shares are of decided ones.
-- domain: operations
-- kind: table
-- unit: requests
-- tables: [service_servicerequest, service_service]
-- columns: [service, title_ru, title_kk, title_en, total, open, success, rejected, success_share, rejected_share]
-- parameters: {services: []}
SELECT service, title_ru, title_kk, title_en, total, open, success, rejected, success_share, rejected_share
FROM v_request_outcomes
WHERE (empty({services:Array(String)}) OR service IN {services:Array(String)})
ORDER BY total DESC, service
