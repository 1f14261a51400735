-- Courses of TechOrda: who wants them, who learns, who finished, what was reported. A course that is gone is shown by its id.
CREATE OR REPLACE VIEW v_techorda_courses AS
SELECT
    assumeNotNull(s.id) AS course_id,
    coalesce(nullIf(t.title_ru, ''), toString(s.id)) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), toString(s.id)) AS title_kk,
    coalesce(nullIf(t.title_en, ''), toString(s.id)) AS title_en,
    c.school_id AS school_id,
    c.flow_id AS flow_id,
    s.applications AS applications,
    s.favourites AS favourites,
    s.students AS students,
    s.graduates AS graduates,
    s.reports AS reports,
    s.report_students AS report_students
FROM (
    SELECT id, sum(p.applications) AS applications, sum(p.favourites) AS favourites, sum(p.students) AS students, sum(p.graduates) AS graduates, sum(p.reports) AS reports, sum(p.report_students) AS report_students
    FROM (
        SELECT course_id AS id, 1 AS applications, 0 AS favourites, 0 AS students, 0 AS graduates, 0 AS reports, 0 AS report_students FROM techorda_courseapplication FINAL
        UNION ALL
        SELECT course_id AS id, 0 AS applications, 1 AS favourites, 0 AS students, 0 AS graduates, 0 AS reports, 0 AS report_students FROM techorda_coursefavorite FINAL
        UNION ALL
        SELECT course_id AS id, 0 AS applications, 0 AS favourites, 1 AS students, toUInt8(graduated) AS graduates, 0 AS reports, 0 AS report_students FROM v_techorda_students
        UNION ALL
        SELECT course_id AS id, 0 AS applications, 0 AS favourites, 0 AS students, 0 AS graduates, 1 AS reports, t.students AS report_students FROM v_techorda_reports AS t
        UNION ALL
        SELECT course_id AS id, 0 AS applications, 0 AS favourites, 0 AS students, 0 AS graduates, 0 AS reports, 0 AS report_students FROM (SELECT toNullable(id) AS course_id FROM techorda_course FINAL)
    ) AS p
    WHERE id IS NOT NULL
    GROUP BY id
) AS s
LEFT JOIN (SELECT toNullable(id) AS id, school_id, flow_id FROM techorda_course FINAL) AS c ON c.id = s.id
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'course') AS t ON t.id = s.id
