-- title: {ru: TechOrda, kk: TechOrda, en: TechOrda in all}
-- answers: How many courses, applications, students and graduates there are in all.
-- domain: techorda
-- kind: stat
-- unit: people
-- tables: [techorda_course, techorda_courseapplication, service_techordastudent, service_techordareport,
--   techorda_coursefavorite, service_techordareportstudent]
-- columns: [courses, applications, students, graduates, reports]
SELECT
    count() AS courses,
    sum(c.applications) AS applications,
    sum(c.students) AS students,
    sum(c.graduates) AS graduates,
    sum(c.reports) AS reports
FROM v_techorda_courses AS c
