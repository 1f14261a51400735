-- title: {ru: Загрузка по часам, kk: Сағат бойынша жүктеме, en: Room hours}
-- answers: How much of each hour each room is booked.
-- domain: rooms
-- kind: series
-- unit: share
-- tables: [booking_booking, booking_room]
-- columns: [hour, room, utilisation, booked_seconds, bookings]
-- parameters: {since: today-7d, until: today+1d, rooms: []}
SELECT
    h.hour AS hour,
    coalesce(nullIf(n.name, ''), toString(h.room_id)) AS room,
    h.utilisation AS utilisation,
    h.booked_seconds AS booked_seconds,
    h.bookings AS bookings
FROM v_room_hours AS h
LEFT JOIN v_rooms_now AS n ON n.room_id = h.room_id
WHERE h.hour >= {since:DateTime('UTC')} AND h.hour < {until:DateTime('UTC')}
    AND (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, h.room_id))
ORDER BY hour, room
