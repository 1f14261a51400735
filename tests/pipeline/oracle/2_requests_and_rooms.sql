-- Requests, rooms and bookings, activity, freshness.
CREATE VIEW oracle.transition AS
SELECT id, seq, origin, at, row ->> 'service_id' AS service, from_status, to_status, spent FROM oracle.moved WHERE tbl = 'service_servicerequest';

-- first arrivals, over the stream and the history table
CREATE VIEW oracle.arrival AS
SELECT DISTINCT ON (id, milestone) id, milestone, at, service
FROM (
    SELECT id, to_status AS status, at, service FROM oracle.transition WHERE origin = 'stream'
    UNION ALL
    SELECT p.service_request_id, p.status, p.created_at, s.row ->> 'service_id'
    FROM oracle.past AS p JOIN oracle.stood AS s ON s.tbl = 'service_servicerequest' AND s.key = p.service_request_id::text
) AS told
CROSS JOIN LATERAL (SELECT CASE WHEN status IN ('reject', 'rejected') THEN 'rejected' ELSE status END AS milestone) AS m
WHERE milestone IN ('sent', 'approved', 'success', 'rejected')
ORDER BY id, milestone, at;

CREATE VIEW oracle.creation AS
SELECT DISTINCT ON (id) id, (row ->> 'created_at')::timestamptz AS at, row ->> 'service_id' AS service
FROM oracle.event WHERE tbl = 'service_servicerequest' ORDER BY id, seq;

CREATE VIEW oracle.v_request_creations AS SELECT id AS request_id, at, service FROM oracle.creation;

CREATE VIEW oracle.v_request_arrivals AS
SELECT id AS request_id, milestone, at, service FROM oracle.arrival UNION ALL SELECT id, 'created', at, service FROM oracle.creation;

CREATE VIEW oracle.standing_now AS
SELECT r.*, t.since
FROM service_servicerequest AS r JOIN oracle.stands AS t ON t.tbl = 'service_servicerequest' AND t.id = r.id;

CREATE VIEW oracle.occupying AS
SELECT id, room_id, start, "end" FROM booking_booking
WHERE status != 'deactivated' AND "end" > start AND "end" - start <= interval '31 days';

CREATE VIEW oracle.v_requests_open AS
SELECT r.id AS request_id, service_id AS service, title_ru, title_kk, title_en, status, oracle.waits_for(status) AS waiting_on, since,
    floor(oracle.seconds(oracle.now() - since))::bigint AS age_seconds, assignee_id, expert_id, company_id, author_id,
    parent_id, coalesce(children, 0) AS children, hub_form_data_id IS NOT NULL AS form_1_filled, second_hub_form_data_id IS NOT NULL AS form_2_filled
FROM oracle.standing_now AS r
JOIN oracle.v_service_titles AS t ON t.service = r.service_id
LEFT JOIN (SELECT parent_id AS id, count(*) AS children FROM service_servicerequest GROUP BY 1) AS c USING (id)
WHERE oracle.is_open(status);

CREATE VIEW oracle.v_request_backlog AS
SELECT service, title_ru, title_kk, title_en, status, waiting_on, assignee_id, count(*) AS requests, min(since) AS oldest_since,
    max(age_seconds) AS oldest_age_seconds
FROM oracle.v_requests_open GROUP BY 1, 2, 3, 4, 5, 6, 7;

CREATE VIEW oracle.v_request_backlog_hourly AS
SELECT hour, service, status, count(*) AS requests
FROM generate_series(date_trunc('hour', (SELECT at FROM oracle.begun)), oracle.now(), interval '1 hour') AS hour
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (id) status, row ->> 'service_id' AS service
    FROM oracle.event WHERE tbl = 'service_servicerequest' AND at < hour + interval '1 hour' ORDER BY id, seq DESC
) AS stood
WHERE oracle.is_open(status)
GROUP BY 1, 2, 3;

CREATE VIEW oracle.v_request_flow AS
SELECT date_trunc('minute', at) AS minute, service, from_status, to_status, count(*) AS transitions, avg(oracle.seconds(spent)) AS avg_seconds
FROM oracle.transition WHERE origin = 'stream' GROUP BY 1, 2, 3, 4;

CREATE VIEW oracle.v_request_flow_hourly AS
SELECT date_trunc('hour', at) AS hour, service, from_status, to_status, count(*) AS transitions, avg(oracle.seconds(spent)) AS avg_seconds
FROM oracle.transition WHERE origin = 'stream' GROUP BY 1, 2, 3, 4;

-- a status that only the snapshot shows counts as reached, too
CREATE VIEW oracle.v_request_conversion AS
SELECT oracle.day(c.at) AS cohort_day, c.service, count(*) AS created,
    count(*) FILTER (WHERE 'sent' = ANY(got)) AS reached_sent, count(*) FILTER (WHERE 'approved' = ANY(got)) AS reached_approved,
    count(*) FILTER (WHERE 'success' = ANY(got)) AS reached_success,
    count(*) FILTER (WHERE got && ARRAY['reject', 'rejected']) AS reached_rejected
FROM oracle.creation AS c
LEFT JOIN (
    SELECT id, array_agg(status::text) AS got FROM (
        SELECT id, to_status AS status FROM oracle.transition
        UNION ALL SELECT service_request_id, status FROM oracle.past
    ) AS told
    GROUP BY id
) AS g ON g.id = c.id
GROUP BY 1, 2;

CREATE VIEW oracle.v_request_funnel_daily AS
SELECT oracle.day(at) AS day, service, count(*) FILTER (WHERE milestone = 'created') AS created,
    count(*) FILTER (WHERE milestone = 'sent') AS sent, count(*) FILTER (WHERE milestone = 'approved') AS approved,
    count(*) FILTER (WHERE milestone = 'success') AS success, count(*) FILTER (WHERE milestone = 'rejected') AS rejected
FROM (
    SELECT milestone, at, service FROM oracle.arrival UNION ALL SELECT 'created', at, service FROM oracle.creation
) AS a
GROUP BY 1, 2;

CREATE VIEW oracle.v_request_durations_daily AS
SELECT oracle.day(a.at) AS day, a.service, CASE a.milestone WHEN 'approved' THEN 't2approve' ELSE 't2success' END AS metric,
    count(*) AS requests, avg(seconds) AS avg_seconds, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50_seconds,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90_seconds
FROM oracle.arrival AS a
JOIN oracle.creation AS c ON c.id = a.id
LEFT JOIN oracle.arrival AS s ON s.id = a.id AND s.milestone = 'sent'
CROSS JOIN LATERAL (SELECT oracle.seconds(a.at - coalesce(s.at, c.at)) AS seconds) AS x
WHERE a.milestone IN ('approved', 'success')
GROUP BY 1, 2, 3;

CREATE VIEW oracle.v_request_outcomes AS
SELECT service, title_ru, title_kk, title_en, total, open, success, rejected, success::float8 / nullif(success + rejected, 0) AS success_share,
    rejected::float8 / nullif(success + rejected, 0) AS rejected_share
FROM (
    SELECT service_id AS service, count(*) AS total, count(*) FILTER (WHERE oracle.is_open(status)) AS open,
        count(*) FILTER (WHERE status = 'success') AS success, count(*) FILTER (WHERE status IN ('reject', 'rejected')) AS rejected
    FROM service_servicerequest GROUP BY 1
) AS r
JOIN oracle.v_service_titles USING (service);

CREATE VIEW oracle.v_reviewer_load AS
SELECT role, user_id, count(*) FILTER (WHERE oracle.is_open(r.status)) AS open, count(*) FILTER (WHERE recent) AS closed_7d,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY oracle.seconds(since - coalesce(s.at, created_at))) FILTER (WHERE recent) AS median_handling_seconds
FROM oracle.standing_now AS r
CROSS JOIN LATERAL (VALUES ('assignee', assignee_id), ('expert', expert_id)) AS person (role, user_id)
CROSS JOIN LATERAL (SELECT NOT oracle.is_open(r.status) AND since >= oracle.now() - interval '168 hours' AS recent) AS x
LEFT JOIN oracle.arrival AS s ON s.id = r.id AND s.milestone = 'sent'
WHERE user_id IS NOT NULL
GROUP BY 1, 2;

CREATE VIEW oracle.v_rooms_now AS
SELECT r.id AS room_id, r.name, CASE WHEN c.id IS NULL THEN 'free' ELSE 'in_use' END AS state, c.id AS booking_id, c."end" AS until,
    (SELECT min(start) FROM oracle.occupying AS o WHERE o.room_id = r.id AND start > oracle.now()) AS next_starts_at
FROM booking_room AS r
LEFT JOIN LATERAL (
    SELECT id, "end" FROM oracle.occupying AS o
    WHERE o.room_id = r.id AND start <= oracle.now() AND "end" > oracle.now() ORDER BY "end" DESC, id DESC LIMIT 1
) AS c ON true;

CREATE VIEW oracle.v_room_hours AS
SELECT room_id, hour, sum(booked) AS booked_seconds, count(*) AS bookings, least(1, sum(booked) / 3600) AS utilisation
FROM oracle.occupying
CROSS JOIN generate_series(date_trunc('hour', start), "end" - interval '1 microsecond', interval '1 hour') AS hour
CROSS JOIN LATERAL (SELECT oracle.seconds(least("end", hour + interval '1 hour') - greatest(start, hour)) AS booked) AS x
GROUP BY 1, 2;

CREATE VIEW oracle.v_booking_outcomes_daily AS
SELECT oracle.day(start) AS day, room_id, count(*) AS bookings, count(*) FILTER (WHERE status = 'deactivated') AS cancelled,
    count(*) FILTER (WHERE status = 'finished') AS finished, count(DISTINCT company_id) AS companies,
    count(*) FILTER (WHERE status = 'deactivated')::float8 / count(*) AS cancelled_share,
    avg(oracle.seconds("end" - start)) FILTER (WHERE status != 'deactivated' AND "end" > start AND "end" - start <= interval '31 days')
        AS avg_duration_seconds
FROM booking_booking GROUP BY 1, 2;

CREATE VIEW oracle.v_booking_overlaps AS
SELECT a.room_id, a.id AS booking_a, b.id AS booking_b, greatest(a.start, b.start) AS overlap_from, least(a."end", b."end") AS overlap_to
FROM oracle.occupying AS a JOIN oracle.occupying AS b ON a.room_id = b.room_id AND a.id < b.id
WHERE greatest(a.start, b.start) < least(a."end", b."end");

CREATE VIEW oracle.v_activity AS
SELECT date_trunc('minute', at) AS minute, CASE tbl WHEN 'account_user_groups' THEN 'auth' ELSE split_part(tbl, '_', 1) END AS domain, tbl AS "table", op AS operation, count(*) AS changes
FROM oracle.committed GROUP BY 1, 2, 3, 4;

CREATE VIEW oracle.v_freshness AS SELECT tbl AS "table", max(at) AS last_change_at, CASE WHEN max(at) >= oracle.now() - interval '300 seconds' THEN 'live' ELSE 'idle' END AS state FROM oracle.committed GROUP BY 1;

CREATE VIEW oracle.v_booking_occupancy AS SELECT id AS booking_id, room_id, start AS starts_at, "end" AS ends_at FROM oracle.occupying;

CREATE VIEW oracle.v_booking_companies_daily AS
SELECT oracle.day(start) AS day, company_id, count(*) AS bookings, count(*) FILTER (WHERE status = 'finished') AS finished,
    count(*) FILTER (WHERE status = 'deactivated') AS cancelled
FROM booking_booking GROUP BY 1, 2;

-- who: the history row of the same transaction, as long as it is there
CREATE VIEW oracle.v_request_changes AS
SELECT t.id AS request_id, t.service, t.from_status, t.to_status, t.at, h.user_id
FROM oracle.transition AS t
LEFT JOIN (
    -- of several history rows that one transaction writes for one status, the last
    SELECT DISTINCT ON (service_request_id, status, c.at) service_request_id AS id, status AS to_status, c.at, user_id
    FROM service_servicerequeststatus AS s
    JOIN oracle.committed AS c ON c.tbl = 'service_servicerequeststatus' AND c.op = 'create' AND c.key = s.id::text
    ORDER BY service_request_id, status, c.at, s.id DESC
) AS h USING (id, to_status, at)
WHERE t.origin = 'stream'
UNION ALL
SELECT p.service_request_id, s.row ->> 'service_id',
    coalesce(lag(p.status) OVER (PARTITION BY p.service_request_id ORDER BY p.created_at, p.id), ''), p.status, p.created_at,
    (SELECT user_id FROM service_servicerequeststatus AS still WHERE still.id = p.id)
FROM oracle.past AS p JOIN oracle.stood AS s ON s.tbl = 'service_servicerequest' AND s.key = p.service_request_id::text;

CREATE VIEW oracle.v_request_reviews AS
SELECT service_id AS service, title_ru, title_kk, title_en, count(DISTINCT id) AS requests, count(*) FILTER (WHERE what = 'expertise') AS expertises,
    count(*) FILTER (WHERE what = 'vote') AS votes, count(*) FILTER (WHERE what = 'report') AS reports,
    count(*) FILTER (WHERE what = 'accepted') AS protocols_accepted, count(*) FILTER (WHERE what = 'rejected') AS protocols_rejected,
    count(*) FILTER (WHERE what = 'seed') AS seed_money_reports, count(*) FILTER (WHERE what = 'external') AS external_requests
FROM (
    SELECT 'expertise' AS what, service_request_id AS id FROM service_expertise
    UNION ALL SELECT 'vote', service_request_id FROM service_vote
    UNION ALL SELECT 'report', service_request_id FROM service_report
    UNION ALL SELECT 'accepted', servicerequest_id FROM service_protocol_accepted
    UNION ALL SELECT 'rejected', servicerequest_id FROM service_protocol_rejected
    UNION ALL SELECT 'seed', service_request_id FROM service_seedmoneyreport WHERE service_request_id IS NOT NULL
    UNION ALL SELECT 'external', service_request_id FROM service_externalrequest WHERE service_request_id IS NOT NULL
) AS papers
JOIN service_servicerequest AS r USING (id)
JOIN oracle.v_service_titles AS t ON t.service = r.service_id
GROUP BY 1, 2, 3, 4;
