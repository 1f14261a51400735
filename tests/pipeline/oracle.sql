-- The public views again, as plain SQL over the source's own tables and a log of its changes written by triggers.
-- Shares no code and no data with the pipeline. "Now" is the setting oracle.now, so that both sides mean the same instant.
CREATE SCHEMA oracle;

CREATE TABLE oracle.change (seq bigserial PRIMARY KEY, tbl text, op text, key text, before jsonb, after jsonb);

CREATE FUNCTION oracle.note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    b jsonb := CASE WHEN TG_OP != 'INSERT' THEN to_jsonb(OLD) - 'data' END;
    a jsonb := CASE WHEN TG_OP != 'DELETE' THEN to_jsonb(NEW) - 'data' END;
BEGIN
    INSERT INTO oracle.change (tbl, op, key, before, after)
    VALUES (TG_TABLE_NAME, CASE TG_OP WHEN 'INSERT' THEN 'create' ELSE lower(TG_OP) END,
        coalesce(a, b) ->> CASE TG_TABLE_NAME WHEN 'service_service' THEN 'code' WHEN 'account_activation' THEN 'uuid' ELSE 'id' END, b, a);
    RETURN NULL;
END $$;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY string_to_array(current_setting('oracle.tables'), ',') LOOP
        EXECUTE format('CREATE TRIGGER oracle_note AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION oracle.note()', t);
    END LOOP;
END $$;

-- where everything stood when capture began
CREATE TABLE oracle.begun AS SELECT clock_timestamp() AS at;
CREATE TABLE oracle.standing AS SELECT * FROM service_servicerequest;
CREATE TABLE oracle.past AS SELECT * FROM service_servicerequeststatus;

CREATE FUNCTION oracle.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT current_setting('oracle.now')::timestamptz $$;
CREATE FUNCTION oracle.day(at timestamptz) RETURNS date LANGUAGE sql STABLE AS $$ SELECT (at AT TIME ZONE 'Asia/Almaty')::date $$;
CREATE FUNCTION oracle.seconds(span interval) RETURNS float8 LANGUAGE sql STABLE AS $$ SELECT extract(epoch FROM span)::float8 $$;
CREATE FUNCTION oracle.is_open(status text) RETURNS bool LANGUAGE sql STABLE AS $$ SELECT status NOT IN ('success', 'reject', 'rejected') $$;
CREATE FUNCTION oracle.waits_for(status text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN status IN ('draft', 'correction') THEN 'author' WHEN status IN ('created', 'sent', 'approved') THEN 'staff' ELSE '' END $$;

CREATE VIEW oracle.title AS
SELECT code AS service, data #>> '{name,ru}' AS title_ru, data #>> '{name,kk}' AS title_kk, data #>> '{name,en}' AS title_en
FROM service_service;

CREATE VIEW oracle.committed AS
SELECT seq, tbl, op, key, before, after, pg_xact_commit_timestamp(xmin) AS at FROM oracle.change;

-- what happened to the rows of requests, in the order of the log; status NULL: deleted
CREATE VIEW oracle.request_event AS
SELECT 0::bigint AS seq, id, 'snapshot' AS origin, updated_at AS at, status, service_id AS service, created_at
FROM oracle.standing
UNION ALL
SELECT seq, key::bigint, 'stream', at, after ->> 'status', coalesce(after, before) ->> 'service_id',
    (coalesce(after, before) ->> 'created_at')::timestamptz
FROM oracle.committed WHERE tbl = 'service_servicerequest';

CREATE VIEW oracle.transition AS
SELECT *, CASE WHEN from_status != '' AND lag(origin) OVER w = 'stream' THEN at - lag(at) OVER w END AS spent
FROM (
    SELECT id, seq, origin, at, service, coalesce(lag(status) OVER w, '') AS from_status, coalesce(status, 'removed') AS to_status
    FROM oracle.request_event WINDOW w AS (PARTITION BY id ORDER BY seq)
) AS e
WHERE from_status != to_status
WINDOW w AS (PARTITION BY id ORDER BY seq);

-- first arrivals, over the stream and the history table
CREATE VIEW oracle.arrival AS
SELECT DISTINCT ON (id, milestone) id, milestone, at, service
FROM (
    SELECT id, to_status AS status, at, service FROM oracle.transition WHERE origin = 'stream'
    UNION ALL
    SELECT p.service_request_id, p.status, p.created_at, s.service_id
    FROM oracle.past AS p JOIN oracle.standing AS s ON s.id = p.service_request_id
) AS told
CROSS JOIN LATERAL (SELECT CASE WHEN status IN ('reject', 'rejected') THEN 'rejected' ELSE status END AS milestone) AS m
WHERE milestone IN ('sent', 'approved', 'success', 'rejected')
ORDER BY id, milestone, at;

CREATE VIEW oracle.creation AS
SELECT DISTINCT ON (id) id, created_at AS at, service FROM oracle.request_event ORDER BY id, seq;

CREATE VIEW oracle.standing_now AS
SELECT r.*, t.at AS since
FROM service_servicerequest AS r
JOIN (SELECT DISTINCT ON (id) id, at FROM oracle.transition ORDER BY id, seq DESC) AS t ON t.id = r.id;

CREATE VIEW oracle.occupying AS
SELECT id, room_id, start, "end" FROM booking_booking
WHERE status != 'deactivated' AND "end" > start AND "end" - start <= interval '31 days';

CREATE VIEW oracle.v_requests_open AS
SELECT r.id AS request_id, service_id AS service, title_ru, title_kk, title_en, status, oracle.waits_for(status) AS waiting_on, since,
    floor(oracle.seconds(oracle.now() - since))::bigint AS age_seconds, assignee_id, expert_id, company_id, author_id
FROM oracle.standing_now AS r JOIN oracle.title AS t ON t.service = r.service_id
WHERE oracle.is_open(status);

CREATE VIEW oracle.v_request_backlog AS
SELECT service, title_ru, title_kk, title_en, status, waiting_on, assignee_id, count(*) AS requests, min(since) AS oldest_since,
    max(age_seconds) AS oldest_age_seconds
FROM oracle.v_requests_open GROUP BY 1, 2, 3, 4, 5, 6, 7;

CREATE VIEW oracle.v_request_backlog_hourly AS
SELECT hour, service, status, count(*) AS requests
FROM generate_series(date_trunc('hour', (SELECT at FROM oracle.begun)), oracle.now(), interval '1 hour') AS hour
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (id) status, service FROM oracle.request_event WHERE at < hour + interval '1 hour' ORDER BY id, seq DESC
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
CROSS JOIN LATERAL (
    SELECT array_agg(status::text) AS got FROM (
        SELECT to_status AS status FROM oracle.transition AS t WHERE t.id = c.id
        UNION ALL SELECT status FROM oracle.past AS p WHERE p.service_request_id = c.id
    ) AS told
) AS g
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
JOIN oracle.title USING (service);

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

CREATE VIEW oracle.v_freshness AS SELECT tbl AS "table", max(at) AS last_change_at, 'live' AS state FROM oracle.committed GROUP BY 1;

-- an open issue for each entity that is wrong now; what the simulator never does (orphans, unknown statuses) is not here
CREATE VIEW oracle.v_dq AS
SELECT rule, entity, count(*) AS open
FROM (
    SELECT 'booking_overlap' AS rule, 'booking_booking' AS entity FROM oracle.v_booking_overlaps WHERE overlap_to > oracle.now()
    UNION ALL
    SELECT 'end_before_start', 'booking_booking' FROM booking_booking WHERE "end" <= start
    UNION ALL
    SELECT 'salary_range', 'core_vacancy' FROM core_vacancy WHERE salary_min > salary_max OR least(salary_min, salary_max) < 0
    UNION ALL
    SELECT 'history_mismatch', 'service_servicerequest'
    FROM service_servicerequest AS r
    CROSS JOIN LATERAL (
        SELECT status FROM service_servicerequeststatus AS h WHERE h.service_request_id = r.id ORDER BY created_at DESC, id DESC LIMIT 1
    ) AS h
    WHERE h.status != r.status
) AS found
GROUP BY 1, 2;
