-- Bookings that occupy a room, [starts_at, ends_at): not cancelled, end after start, 31 days at most.
CREATE OR REPLACE VIEW v_booking_occupancy AS
SELECT
    b.booking_id AS booking_id,
    assumeNotNull(b.room_id) AS room_id,
    assumeNotNull(b.starts_at) AS starts_at,
    assumeNotNull(b.ends_at) AS ends_at
FROM bookings AS b FINAL
WHERE b.status NOT IN $booking_cancelled
    AND b.room_id IS NOT NULL
    AND b.ends_at > b.starts_at
    AND dateDiff('microsecond', b.starts_at, b.ends_at) <= $booking_longest
