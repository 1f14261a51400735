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
