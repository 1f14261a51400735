-- Companies, people, TechOrda, landings, files, messages.
CREATE VIEW oracle.tags AS
SELECT id AS company_id, tag, place
FROM account_company
CROSS JOIN LATERAL (
    VALUES (1, 'tag_it_company', tag_it_company), (2, 'tag_startup', tag_startup), (3, 'tag_techpark', tag_techpark),
        (4, 'tag_corp_partner', tag_corp_partner), (5, 'tag_nii', tag_nii), (6, 'tag_nedrouser', tag_nedrouser), (7, 'tag_ts_member', tag_ts_member)
) AS t (place, tag, told)
WHERE told -> 'active' = 'true';

CREATE VIEW oracle.v_companies AS
SELECT company_type, status, verified, count(*) AS companies,
    (SELECT coalesce(jsonb_object_agg(tag, n), '{}') FROM (
        SELECT tag, count(*) AS n FROM oracle.tags JOIN account_company AS o ON o.id = company_id
        WHERE (o.company_type, o.status, o.verified) = (c.company_type, c.status, c.verified) GROUP BY 1
    ) AS t) AS tagged
FROM account_company AS c GROUP BY 1, 2, 3;

CREATE VIEW oracle.v_company_activity AS
SELECT c.id AS company_id, company_type, status, coalesce(tags, '{}') AS tags, verified, coalesce(requests_open, 0) AS requests_open,
    coalesce(requests_success, 0) AS requests_success, coalesce(events, 0) AS events, coalesce(vacancies, 0) AS vacancies, coalesce(blogs, 0) AS blogs,
    coalesce(articles, 0) AS articles, coalesce(bookings, 0) AS bookings, coalesce(members, 0) AS members
FROM account_company AS c
LEFT JOIN (SELECT company_id AS id, array_agg(tag ORDER BY place) AS tags FROM oracle.tags GROUP BY 1) AS t USING (id)
LEFT JOIN (
    SELECT company_id AS id, count(*) FILTER (WHERE oracle.is_open(status)) AS requests_open, count(*) FILTER (WHERE status = 'success') AS requests_success
    FROM service_servicerequest GROUP BY 1
) AS r USING (id)
LEFT JOIN (SELECT company_id AS id, count(*) AS events FROM core_event GROUP BY 1) AS e USING (id)
LEFT JOIN (SELECT company_id AS id, count(*) AS vacancies FROM core_vacancy GROUP BY 1) AS v USING (id)
LEFT JOIN (SELECT company_id AS id, count(*) AS blogs FROM core_blog GROUP BY 1) AS b USING (id)
LEFT JOIN (SELECT company_id AS id, count(*) AS articles FROM core_article GROUP BY 1) AS a USING (id)
LEFT JOIN (SELECT company_id AS id, count(*) AS bookings FROM booking_booking GROUP BY 1) AS o USING (id)
LEFT JOIN (SELECT company_id AS id, count(DISTINCT user_id) AS members FROM account_usercompany GROUP BY 1) AS m USING (id);

CREATE VIEW oracle.v_company_flow_daily AS
SELECT oracle.day(at) AS day, from_status, to_status, count(*) AS transitions
FROM oracle.moved WHERE tbl = 'account_company' AND origin = 'stream' GROUP BY 1, 2, 3;

CREATE VIEW oracle.v_users AS
SELECT role, is_active, blocked, count(*) AS users, count(*) FILTER (WHERE email_verified OR phone_verified) AS verified, count(company_id) AS with_company
FROM account_user GROUP BY 1, 2, 3;

CREATE VIEW oracle.v_memberships AS
SELECT company_id, coalesce(users, 0) AS users, coalesce(verified_users, 0) AS verified_users, coalesce(roles, '{}') AS roles,
    coalesce(requests, 0) AS requests, coalesce(invitations, 0) AS invitations
FROM (
    SELECT company_id, count(DISTINCT user_id) AS users, count(DISTINCT user_id) FILTER (WHERE verified) AS verified_users
    FROM account_usercompany GROUP BY 1
) AS m
FULL JOIN (
    SELECT company_id, jsonb_object_agg(role, n) AS roles FROM (SELECT company_id, role, count(*) AS n FROM account_usercompany GROUP BY 1, 2) AS r GROUP BY 1
) AS r USING (company_id)
FULL JOIN (SELECT company_id, count(*) AS requests FROM account_usercompanyrequest GROUP BY 1) AS q USING (company_id)
FULL JOIN (SELECT company_id, count(*) AS invitations FROM account_usercompanyinvitation GROUP BY 1) AS i USING (company_id);

CREATE VIEW oracle.v_activations_daily AS
SELECT oracle.day(created_at) AS day, count(*) AS activations, count(DISTINCT user_id) AS users FROM account_activation GROUP BY 1;

CREATE VIEW oracle.v_actions_daily AS
SELECT oracle.day(created_at) AS day, action, count(*) AS actions, count(DISTINCT user_id) AS users FROM core_actionlog GROUP BY 1, 2;

CREATE VIEW oracle.v_notifications_daily AS
SELECT oracle.day(created_at) AS day, count(*) AS notifications, count(*) FILTER (WHERE is_read) AS read, count(DISTINCT user_id) AS users
FROM core_notification GROUP BY 1;

CREATE VIEW oracle.v_media_daily AS
SELECT oracle.day(created_at) AS day, kind, count(*) AS files
FROM (
    SELECT 'public' AS kind, created_at FROM shared_mediafile
    UNION ALL SELECT 'protected', created_at FROM shared_protectedmediafile
    UNION ALL SELECT 'page', created_at FROM landing_pagemediafile
) AS f
GROUP BY 1, 2;

CREATE VIEW oracle.v_sms_daily AS SELECT oracle.day(created_at) AS day, sms_type AS kind, count(*) AS messages FROM shared_smslog GROUP BY 1, 2;

CREATE VIEW oracle.v_landing AS
SELECT organization_id, t.title_ru, t.title_kk, t.title_en, count(*) AS pages, count(*) FILTER (WHERE published) AS published_pages,
    sum((SELECT count(*) FROM landing_section AS s WHERE s.page_id = p.id)) AS sections,
    sum((SELECT count(*) FROM landing_component AS c JOIN landing_section AS s ON s.id = c.section_id WHERE s.page_id = p.id)) AS components,
    sum((SELECT count(*) FROM landing_pagemediafile AS m WHERE m.page_id = p.id)) AS media
FROM landing_page AS p LEFT JOIN oracle.v_titles AS t ON t.kind = 'organization' AND t.id = organization_id
GROUP BY 1, 2, 3, 4;

CREATE VIEW oracle.v_techorda_students AS
SELECT s.id AS student_id, course_id, coalesce(s.school_id, c.school_id) AS school_id, coalesce(s.flow_id, c.flow_id) AS flow_id, s.status,
    s.status IN ('graduated', 'finished', 'completed') AS graduated
FROM service_techordastudent AS s LEFT JOIN techorda_course AS c ON c.id = course_id;

CREATE VIEW oracle.v_techorda_reports AS
SELECT r.id AS report_id, course_id, coalesce(r.school_id, c.school_id) AS school_id, c.flow_id, r.status,
    (SELECT count(*) FROM service_techordareportstudent AS l WHERE l.report_id = r.id) AS students
FROM service_techordareport AS r LEFT JOIN techorda_course AS c ON c.id = course_id;

CREATE VIEW oracle.v_techorda_courses AS
SELECT c.id AS course_id, t.title_ru, t.title_kk, t.title_en, school_id, flow_id,
    (SELECT count(*) FROM techorda_courseapplication AS a WHERE a.course_id = c.id) AS applications,
    (SELECT count(*) FROM techorda_coursefavorite AS f WHERE f.course_id = c.id) AS favourites,
    (SELECT count(*) FROM oracle.v_techorda_students AS s WHERE s.course_id = c.id) AS students,
    (SELECT count(*) FROM oracle.v_techorda_students AS s WHERE s.course_id = c.id AND graduated) AS graduates,
    (SELECT count(*) FROM oracle.v_techorda_reports AS r WHERE r.course_id = c.id) AS reports,
    (SELECT coalesce(sum(students), 0) FROM oracle.v_techorda_reports AS r WHERE r.course_id = c.id) AS report_students
FROM techorda_course AS c JOIN oracle.v_titles AS t ON t.kind = 'course' AND t.id = c.id;

CREATE VIEW oracle.v_techorda_schools AS
SELECT h.id AS school_id, company_id,
    (SELECT count(*) FROM techorda_course AS c WHERE c.school_id = h.id) AS courses,
    (SELECT count(*) FROM techorda_courseapplication AS a JOIN techorda_course AS c ON c.id = a.course_id WHERE c.school_id = h.id) AS applications,
    (SELECT count(*) FROM oracle.v_techorda_students AS s WHERE s.school_id = h.id) AS students,
    (SELECT count(*) FROM oracle.v_techorda_students AS s WHERE s.school_id = h.id AND graduated) AS graduates,
    (SELECT count(*) FROM oracle.v_techorda_reports AS r WHERE r.school_id = h.id) AS reports,
    (SELECT coalesce(sum(students), 0) FROM oracle.v_techorda_reports AS r WHERE r.school_id = h.id) AS report_students
FROM techorda_school AS h;

CREATE VIEW oracle.v_techorda_flows AS
SELECT f.id AS flow_id, t.title_ru, t.title_kk, t.title_en,
    (SELECT count(*) FROM techorda_course AS c WHERE c.flow_id = f.id) AS courses,
    (SELECT count(*) FROM techorda_courseapplication AS a WHERE a.flow_id = f.id) AS applications,
    (SELECT count(*) FROM techorda_applicationform AS a WHERE a.flow_id = f.id) AS application_forms,
    (SELECT count(*) FROM oracle.v_techorda_students AS s WHERE s.flow_id = f.id) AS students,
    (SELECT count(*) FROM oracle.v_techorda_students AS s WHERE s.flow_id = f.id AND graduated) AS graduates,
    (SELECT count(*) FROM oracle.v_techorda_reports AS r WHERE r.flow_id = f.id) AS reports
FROM techorda_flow AS f JOIN oracle.v_titles AS t ON t.kind = 'flow' AND t.id = f.id;
