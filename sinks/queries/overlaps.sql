-- title: {ru: Пересечения броней, kk: Брондардың қиылысуы, en: Overlapping bookings}
-- answers: Which bookings of one room occupy it at the same time, those that are not over.
-- domain: rooms
-- kind: table
-- unit: overlaps
-- tables: [booking_booking, booking_room]
-- columns: [room_id, room, booking_a, booking_b, overlap_from, overlap_to]
-- parameters: {since: now, rooms: [], limit: 200}
SELECT
    o.room_id AS room_id,
    coalesce(nullIf(n.name, ''), toString(o.room_id)) AS room,
    o.booking_a AS booking_a,
    o.booking_b AS booking_b,
    o.overlap_from AS overlap_from,
    o.overlap_to AS overlap_to
FROM v_booking_overlaps AS o
LEFT JOIN v_rooms_now AS n ON n.room_id = o.room_id
WHERE o.overlap_to > {since:DateTime('UTC')}
    AND (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, o.room_id))
ORDER BY overlap_from, room, booking_a, booking_b
LIMIT {limit:UInt32}
