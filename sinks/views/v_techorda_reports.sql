-- Reports of TechOrda with their course and school, and how many students each lists.
CREATE OR REPLACE VIEW v_techorda_reports AS
SELECT
    r.id AS report_id,
    r.course_id AS course_id,
    coalesce(r.school_id, c.school_id) AS school_id,
    c.flow_id AS flow_id,
    r.status AS status,
    l.students AS students
FROM (SELECT * FROM service_techordareport FINAL) AS r
LEFT JOIN (SELECT toNullable(id) AS id, school_id, flow_id FROM techorda_course FINAL) AS c ON c.id = r.course_id
LEFT JOIN (
    SELECT assumeNotNull(report_id) AS report_id, count() AS students
    FROM service_techordareportstudent FINAL
    WHERE report_id IS NOT NULL
    GROUP BY report_id
) AS l ON l.report_id = r.id
