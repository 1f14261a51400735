-- title: {ru: Школы TechOrda, kk: TechOrda мектептері, en: TechOrda schools}
-- answers: How many courses, applications, students, graduates and reports each school has.
-- domain: techorda
-- kind: table
-- unit: people
-- tables: [techorda_course, techorda_courseapplication, service_techordastudent, service_techordareport,
--   techorda_school, service_techordareportstudent]
-- columns: [school_id, company_id, courses, applications, students, graduates, graduated_share, reports,
--   report_students]
-- parameters: {schools: []}
SELECT
    school_id, company_id, courses, applications, students, graduates,
    graduates / nullIf(students, 0) AS graduated_share, reports, report_students
FROM v_techorda_schools
WHERE (empty({schools:Array(Int64)}) OR has({schools:Array(Int64)}, ifNull(school_id, 0)))
ORDER BY students DESC, school_id
