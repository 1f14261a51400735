-- title: {ru: Потоки TechOrda, kk: TechOrda ағындары, en: TechOrda flows}
-- answers: What each flow (intake) has come to, in courses, forms, applications, students, graduates, reports.
-- domain: techorda
-- kind: table
-- unit: people
-- tables: [techorda_course, techorda_courseapplication, service_techordastudent, service_techordareport,
--   techorda_flow, techorda_applicationform, service_techordareportstudent]
-- columns: [flow_id, title_ru, title_kk, title_en, courses, application_forms, applications, students, graduates,
--   reports]
SELECT flow_id, title_ru, title_kk, title_en, courses, application_forms, applications, students, graduates, reports
FROM v_techorda_flows
ORDER BY flow_id DESC
