-- What each card of the live page must show, as plain SQL over the oracle's views: `-- page/card`, then one statement.

-- operations/backlog_total
SELECT count(*) AS requests, count(*) FILTER (WHERE waiting_on = 'staff') AS waiting_for_staff,
    count(*) FILTER (WHERE waiting_on = 'staff' AND assignee_id IS NULL) AS unassigned,
    max(age_seconds) FILTER (WHERE waiting_on = 'staff') AS oldest_age_seconds
FROM oracle.v_requests_open;

-- operations/today
SELECT milestone, coalesce(sum(requests), 0)::bigint AS requests
FROM (VALUES ('created'), ('sent'), ('approved'), ('success'), ('rejected')) AS m (milestone)
LEFT JOIN (
    SELECT e.key AS milestone, e.value::bigint AS requests
    FROM oracle.v_request_funnel_daily AS f, jsonb_each_text(to_jsonb(f) - 'day' - 'service') AS e
    WHERE f.day = oracle.day(oracle.now())
) AS t USING (milestone)
GROUP BY milestone;

-- operations/funnel
SELECT milestone, coalesce(sum(requests), 0)::bigint AS requests
FROM (VALUES ('created'), ('sent'), ('approved'), ('success'), ('rejected')) AS m (milestone)
LEFT JOIN (
    SELECT e.key AS milestone, e.value::bigint AS requests
    FROM oracle.v_request_funnel_daily AS f, jsonb_each_text(to_jsonb(f) - 'day' - 'service') AS e
    WHERE f.day BETWEEN oracle.day(oracle.now()) - 30 AND oracle.day(oracle.now())
) AS t USING (milestone)
GROUP BY milestone;

-- operations/backlog
SELECT service, title_ru, title_kk, title_en, status, waiting_on, count(*) AS requests, min(since) AS oldest_since,
    max(age_seconds) AS oldest_age_seconds
FROM oracle.v_requests_open GROUP BY 1, 2, 3, 4, 5, 6;

-- operations/backlog_trend
SELECT hour, status, sum(requests)::bigint AS requests FROM oracle.v_request_backlog_hourly
WHERE hour >= oracle.now() - interval '7 days' GROUP BY 1, 2;

-- operations/flow
SELECT minute, from_status, to_status, sum(transitions)::bigint AS transitions FROM oracle.v_request_flow
WHERE minute >= oracle.now() - interval '1 hour' GROUP BY 1, 2, 3;

-- operations/duration_t2approve
SELECT day, sum(avg_seconds * requests) / sum(requests) AS avg_seconds, max(p90_seconds) AS worst_p90_seconds
FROM oracle.v_request_durations_daily
WHERE metric = 't2approve' AND day BETWEEN oracle.day(oracle.now()) - 30 AND oracle.day(oracle.now()) GROUP BY 1;

-- operations/duration_t2success
SELECT day, sum(avg_seconds * requests) / sum(requests) AS avg_seconds, max(p90_seconds) AS worst_p90_seconds
FROM oracle.v_request_durations_daily
WHERE metric = 't2success' AND day BETWEEN oracle.day(oracle.now()) - 30 AND oracle.day(oracle.now()) GROUP BY 1;

-- operations/reviewer_load
SELECT role, user_id, open, closed_7d, median_handling_seconds FROM oracle.v_reviewer_load;

-- operations/outcomes
SELECT title_ru, title_kk, title_en, open, success, rejected, success_share, rejected_share FROM oracle.v_request_outcomes;

-- requests/requests_open
SELECT request_id, title_ru, title_kk, title_en, status, waiting_on, since, age_seconds, assignee_id, expert_id, company_id, author_id
FROM oracle.v_requests_open ORDER BY age_seconds DESC, request_id LIMIT 500;

-- rooms/rooms_total
SELECT count(*) AS rooms, count(*) FILTER (WHERE state = 'in_use') AS rooms_in_use FROM oracle.v_rooms_now;

-- rooms/overlaps_total
SELECT count(*) AS overlaps FROM oracle.v_booking_overlaps WHERE overlap_to > oracle.now();

-- rooms/cancellations
SELECT sum(bookings)::bigint AS bookings, sum(cancelled)::bigint AS cancelled, sum(cancelled)::float8 / nullif(sum(bookings), 0) AS cancelled_share
FROM oracle.v_booking_outcomes_daily WHERE day BETWEEN oracle.day(oracle.now()) - 7 AND oracle.day(oracle.now());

-- rooms/rooms_now
SELECT room_id, state, booking_id, until, next_starts_at FROM oracle.v_rooms_now;

-- rooms/room_day
SELECT room_id, id AS booking_id, start AS starts_at, "end" AS ends_at
FROM oracle.occupying
WHERE "end" > oracle.day(oracle.now())::timestamp AT TIME ZONE 'Asia/Almaty'
    AND start < (oracle.day(oracle.now()) + 1)::timestamp AT TIME ZONE 'Asia/Almaty';

-- rooms/overlaps
SELECT room_id, booking_a, booking_b, overlap_from, overlap_to FROM oracle.v_booking_overlaps WHERE overlap_to > oracle.now();

-- rooms/room_utilisation
SELECT n.room_id, coalesce(sum(utilisation), 0)::float8 / 168 AS utilisation, coalesce(sum(booked_seconds), 0)::float8 AS booked_seconds
FROM oracle.v_rooms_now AS n
LEFT JOIN oracle.v_room_hours AS h ON h.room_id = n.room_id
    AND hour >= (oracle.day(oracle.now()) - 7)::timestamp AT TIME ZONE 'Asia/Almaty'
    AND hour < oracle.day(oracle.now())::timestamp AT TIME ZONE 'Asia/Almaty'
GROUP BY 1;

-- rooms/booking_outcomes
SELECT day, sum(bookings)::bigint AS bookings, sum(cancelled)::bigint AS cancelled FROM oracle.v_booking_outcomes_daily
WHERE day BETWEEN oracle.day(oracle.now()) - 30 AND oracle.day(oracle.now()) GROUP BY 1;

-- content/content_backlog
SELECT content_type, status, waiting_on, items, oldest_age_seconds FROM oracle.v_content_backlog;

-- content/content_trend
SELECT hour, content_type, sum(items)::bigint AS items FROM oracle.v_content_backlog_hourly
WHERE hour >= oracle.now() - interval '7 days' GROUP BY 1, 2;

-- content/content_flow
SELECT hour, to_status, sum(transitions)::bigint AS transitions FROM oracle.v_content_flow_hourly
WHERE hour >= oracle.now() - interval '7 days' GROUP BY 1, 2;

-- content/publications
SELECT day, content_type, sum(published)::bigint AS published, sum(rejected)::bigint AS rejected, sum(deleted)::bigint AS deleted
FROM oracle.v_content_publications_daily WHERE day BETWEEN oracle.day(oracle.now()) - 30 AND oracle.day(oracle.now()) GROUP BY 1, 2;

-- content/events_upcoming
SELECT event_id, title_ru, title_kk, title_en, event_format, starts_at, participants, views
FROM oracle.v_events WHERE upcoming ORDER BY starts_at, event_id LIMIT 20;

-- content/registrations
SELECT day, sum(registrations)::bigint AS registrations
FROM oracle.v_registrations_daily WHERE day BETWEEN oracle.day(oracle.now()) - 30 AND oracle.day(oracle.now()) GROUP BY 1;

-- vacancies/vacancies_total
SELECT count(*) FILTER (WHERE active) AS active, coalesce(sum(candidates) FILTER (WHERE active), 0)::bigint AS candidates FROM oracle.v_vacancies;

-- vacancies/vacancy_market
SELECT city_ru, city_kk, city_en, vacancy_type, active, candidates_per_vacancy, avg_salary_min, avg_salary_max, avg_lifetime_seconds
FROM oracle.v_vacancy_market;

-- vacancies/vacancies
SELECT vacancy_id, title_ru, title_kk, title_en, vacancy_type, city_ru, city_kk, city_en, candidates, salary_min, salary_max, lifetime_seconds
FROM oracle.v_vacancies WHERE active ORDER BY candidates DESC, vacancy_id LIMIT 50;

-- techorda/techorda_total
SELECT count(*) AS courses, coalesce(sum(applications), 0)::bigint AS applications, coalesce(sum(students), 0)::bigint AS students,
    coalesce(sum(graduates), 0)::bigint AS graduates, coalesce(sum(reports), 0)::bigint AS reports
FROM oracle.v_techorda_courses;

-- techorda/techorda_flows
SELECT flow_id, title_ru, title_kk, title_en, courses, application_forms, applications, students, graduates, reports FROM oracle.v_techorda_flows;

-- techorda/techorda_schools
SELECT school_id, company_id, courses, applications, students, graduates, graduates::float8 / nullif(students, 0) AS graduated_share, reports
FROM oracle.v_techorda_schools;

-- techorda/techorda_courses
SELECT course_id, title_ru, title_kk, title_en, school_id, applications, students, graduates, reports
FROM oracle.v_techorda_courses ORDER BY students DESC, applications DESC, course_id LIMIT 200;
