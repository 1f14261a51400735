-- Schools of TechOrda with their courses, applications, students, graduates and reports. A school that is gone is shown by its id.
CREATE OR REPLACE VIEW v_techorda_schools AS
SELECT
    assumeNotNull(s.id) AS school_id,
    c.company_id AS company_id,
    s.courses AS courses,
    s.applications AS applications,
    s.students AS students,
    s.graduates AS graduates,
    s.reports AS reports,
    s.report_students AS report_students
FROM (
    SELECT id, sum(p.courses) AS courses, sum(p.applications) AS applications, sum(p.students) AS students, sum(p.graduates) AS graduates, sum(p.reports) AS reports, sum(p.report_students) AS report_students
    FROM (
        SELECT school_id AS id, 1 AS courses, 0 AS applications, 0 AS students, 0 AS graduates, 0 AS reports, 0 AS report_students FROM techorda_course FINAL
        UNION ALL
        SELECT school_id AS id, 0 AS courses, 1 AS applications, 0 AS students, 0 AS graduates, 0 AS reports, 0 AS report_students FROM (SELECT c.school_id AS school_id FROM techorda_courseapplication AS a FINAL INNER JOIN (SELECT * FROM techorda_course FINAL) AS c ON c.id = a.course_id)
        UNION ALL
        SELECT school_id AS id, 0 AS courses, 0 AS applications, 1 AS students, toUInt8(graduated) AS graduates, 0 AS reports, 0 AS report_students FROM v_techorda_students
        UNION ALL
        SELECT school_id AS id, 0 AS courses, 0 AS applications, 0 AS students, 0 AS graduates, 1 AS reports, t.students AS report_students FROM v_techorda_reports AS t
        UNION ALL
        SELECT school_id AS id, 0 AS courses, 0 AS applications, 0 AS students, 0 AS graduates, 0 AS reports, 0 AS report_students FROM (SELECT toNullable(id) AS school_id FROM techorda_school FINAL)
    ) AS p
    WHERE id IS NOT NULL
    GROUP BY id
) AS s
LEFT JOIN (SELECT toNullable(id) AS id, company_id FROM techorda_school FINAL) AS c ON c.id = s.id
