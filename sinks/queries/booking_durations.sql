-- title: {ru: Длительность броней, kk: Брондардың ұзақтығы, en: Duration of bookings}
-- answers: How long the bookings of each room last on average, by the day they start.
-- domain: rooms
-- kind: series
-- unit: seconds
-- tables: [booking_booking, booking_room]
-- columns: [day, room, avg_duration_seconds]
-- parameters: {from_day: today-30d, to_day: today, rooms: []}
SELECT
    b.day AS day,
    coalesce(nullIf(n.name, ''), toString(b.room_id)) AS room,
    b.avg_duration_seconds AS avg_duration_seconds
FROM v_booking_outcomes_daily AS b
LEFT JOIN v_rooms_now AS n ON n.room_id = b.room_id
WHERE b.day >= {from_day:Date32} AND b.day <= {to_day:Date32}
    AND (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, ifNull(b.room_id, 0)))
ORDER BY day, room
