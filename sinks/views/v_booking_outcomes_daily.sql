-- Bookings by the day they start; the average duration leaves out cancelled and invalid ones.
CREATE OR REPLACE VIEW v_booking_outcomes_daily AS
SELECT
    toDate32(assumeNotNull(b.starts_at), $timezone) AS day,
    b.room_id AS room_id,
    count() AS bookings,
    countIf(b.status IN $booking_cancelled) AS cancelled,
    countIf(b.status IN $booking_finished) AS finished,
    uniqExact(b.company_id) AS companies,
    cancelled / bookings AS cancelled_share,
    avg(if(
        b.status NOT IN $booking_cancelled
            AND dateDiff('microsecond', b.starts_at, b.ends_at) > 0
            AND dateDiff('microsecond', b.starts_at, b.ends_at) <= $booking_longest,
        dateDiff('microsecond', b.starts_at, b.ends_at) / 1000000,
        NULL
    )) AS avg_duration_seconds
FROM bookings AS b FINAL
WHERE b.starts_at IS NOT NULL
GROUP BY day, room_id
