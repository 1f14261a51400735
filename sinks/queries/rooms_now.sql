-- title: {ru: Комнаты сейчас, kk: Бөлмелер қазір, en: Rooms now}
-- answers: Which rooms are free, which are in use and until when, and when each is booked next.
-- domain: rooms
-- kind: table
-- unit: rooms
-- tables: [booking_booking, booking_room]
-- columns: [room_id, room, state, booking_id, until, next_starts_at]
-- parameters: {rooms: []}
SELECT room_id, name AS room, state, booking_id, until, next_starts_at
FROM v_rooms_now
WHERE (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, room_id))
ORDER BY room, room_id
