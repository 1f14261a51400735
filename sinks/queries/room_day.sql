-- title: {ru: День по комнатам, kk: Бөлмелердің күні, en: Rooms today}
-- answers: Which bookings occupy which room within the span.
-- domain: rooms
-- kind: timeline
-- unit: bookings
-- tables: [booking_booking, booking_room]
-- columns: [room_id, room, booking_id, starts_at, ends_at]
-- parameters: {since: today, until: today+1d, rooms: []}
SELECT
    o.room_id AS room_id,
    coalesce(nullIf(n.name, ''), toString(o.room_id)) AS room,
    o.booking_id AS booking_id,
    o.starts_at AS starts_at,
    o.ends_at AS ends_at
FROM v_booking_occupancy AS o
LEFT JOIN v_rooms_now AS n ON n.room_id = o.room_id
WHERE o.ends_at > {since:DateTime('UTC')} AND o.starts_at < {until:DateTime('UTC')}
    AND (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, o.room_id))
ORDER BY room, room_id, starts_at, booking_id
