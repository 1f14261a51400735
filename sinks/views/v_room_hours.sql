-- Seconds that bookings occupy a room, cut at the hours (UTC). Overlapping bookings add up; utilisation does not exceed 1.
CREATE OR REPLACE VIEW v_room_hours AS
SELECT
    h.room_id AS room_id,
    h.hour AS hour,
    sum(h.booked_microseconds) / 1000000 AS booked_seconds,
    sum(h.bookings) AS bookings,
    least(1., sum(h.booked_microseconds) / 3600000000) AS utilisation
FROM room_hours AS h FINAL
GROUP BY room_id, hour
HAVING sum(h.bookings) != 0
