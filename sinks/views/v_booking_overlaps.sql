-- Pairs of bookings that occupy one room at the same time for more than an instant; those that are over too.
-- Bookings are compared within pieces of four hours, and a pair counts in the piece where its overlap begins.
CREATE OR REPLACE VIEW v_booking_overlaps AS
WITH pieces AS (
    SELECT
        booking_id,
        room_id,
        starts_at,
        ends_at,
        arrayJoin(range(
            intDiv(toUnixTimestamp64Micro(starts_at), 14400000000),
            intDiv(toUnixTimestamp64Micro(ends_at) - 1, 14400000000) + 1
        )) AS piece
    FROM v_booking_occupancy
)
SELECT
    a.room_id AS room_id,
    a.booking_id AS booking_a,
    b.booking_id AS booking_b,
    greatest(a.starts_at, b.starts_at) AS overlap_from,
    least(a.ends_at, b.ends_at) AS overlap_to
FROM pieces AS a
INNER JOIN pieces AS b ON a.room_id = b.room_id AND a.piece = b.piece
WHERE a.booking_id < b.booking_id
    AND a.starts_at < b.ends_at
    AND b.starts_at < a.ends_at
    AND a.piece = intDiv(toUnixTimestamp64Micro(greatest(a.starts_at, b.starts_at)), 14400000000)
