-- title: {ru: Курсы TechOrda, kk: TechOrda курстары, en: TechOrda courses}
-- answers: Who wants each course, who learns there, who finished, what was reported.
-- domain: techorda
-- kind: table
-- unit: people
-- tables: [techorda_course, techorda_courseapplication, service_techordastudent, service_techordareport,
--   techorda_coursefavorite, service_techordareportstudent]
-- columns: [course_id, title_ru, title_kk, title_en, school_id, flow_id, applications, favourites, students,
--   graduates, reports, report_students]
-- parameters: {schools: [], limit: 200}
SELECT
    course_id, title_ru, title_kk, title_en, school_id, flow_id, applications, favourites,
    students, graduates, reports, report_students
FROM v_techorda_courses
WHERE (empty({schools:Array(Int64)}) OR has({schools:Array(Int64)}, ifNull(school_id, 0)))
ORDER BY students DESC, applications DESC, course_id
LIMIT {limit:UInt32}
