-- Flows (intakes) of TechOrda with their courses, application forms, applications, students and graduates.
CREATE OR REPLACE VIEW v_techorda_flows AS
SELECT
    assumeNotNull(s.id) AS flow_id,
    coalesce(nullIf(t.title_ru, ''), toString(s.id)) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), toString(s.id)) AS title_kk,
    coalesce(nullIf(t.title_en, ''), toString(s.id)) AS title_en,
    s.courses AS courses,
    s.applications AS applications,
    s.application_forms AS application_forms,
    s.students AS students,
    s.graduates AS graduates,
    s.reports AS reports
FROM (
    SELECT id, sum(p.courses) AS courses, sum(p.applications) AS applications, sum(p.application_forms) AS application_forms, sum(p.students) AS students, sum(p.graduates) AS graduates, sum(p.reports) AS reports
    FROM (
        SELECT flow_id AS id, 1 AS courses, 0 AS applications, 0 AS application_forms, 0 AS students, 0 AS graduates, 0 AS reports FROM techorda_course FINAL
        UNION ALL
        SELECT flow_id AS id, 0 AS courses, 1 AS applications, 0 AS application_forms, 0 AS students, 0 AS graduates, 0 AS reports FROM techorda_courseapplication FINAL
        UNION ALL
        SELECT flow_id AS id, 0 AS courses, 0 AS applications, 1 AS application_forms, 0 AS students, 0 AS graduates, 0 AS reports FROM techorda_applicationform FINAL
        UNION ALL
        SELECT flow_id AS id, 0 AS courses, 0 AS applications, 0 AS application_forms, 1 AS students, toUInt8(graduated) AS graduates, 0 AS reports FROM v_techorda_students
        UNION ALL
        SELECT flow_id AS id, 0 AS courses, 0 AS applications, 0 AS application_forms, 0 AS students, 0 AS graduates, 1 AS reports FROM v_techorda_reports
        UNION ALL
        SELECT flow_id AS id, 0 AS courses, 0 AS applications, 0 AS application_forms, 0 AS students, 0 AS graduates, 0 AS reports FROM (SELECT toNullable(id) AS flow_id FROM techorda_flow FINAL)
    ) AS p
    WHERE id IS NOT NULL
    GROUP BY id
) AS s
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'flow') AS t ON t.id = s.id
