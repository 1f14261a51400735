-- title: {ru: Услуги, kk: Қызметтер, en: Services}
-- answers: What each service is called.
-- domain: operations
-- kind: table
-- unit: text
-- tables: [service_service]
-- columns: [service, title_ru, title_kk, title_en]
SELECT service, title_ru, title_kk, title_en
FROM v_service_titles
ORDER BY service
