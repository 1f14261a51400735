-- Bookings of each company by the day they start.
CREATE OR REPLACE VIEW v_booking_companies_daily AS
SELECT
    toDate32(assumeNotNull(b.starts_at), $timezone) AS day,
    b.company_id AS company_id,
    count() AS bookings,
    countIf(b.status IN $booking_finished) AS finished,
    countIf(b.status IN $booking_cancelled) AS cancelled
FROM bookings AS b FINAL
WHERE b.starts_at IS NOT NULL
GROUP BY day, company_id
