-- Students of TechOrda with their course, school and flow; those of the course where the student's row has none.
CREATE OR REPLACE VIEW v_techorda_students AS
SELECT
    s.id AS student_id,
    s.course_id AS course_id,
    coalesce(s.school_id, c.school_id) AS school_id,
    coalesce(s.flow_id, c.flow_id) AS flow_id,
    s.status AS status,
    toBool(s.status IN $graduated) AS graduated
FROM (SELECT * FROM service_techordastudent FINAL) AS s
LEFT JOIN (SELECT toNullable(id) AS id, school_id, flow_id FROM techorda_course FINAL) AS c ON c.id = s.course_id
