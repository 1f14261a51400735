-- title: {ru: Загрузка комнат, kk: Бөлмелер жүктемесі, en: Room utilisation}
-- answers: Which share of the whole span, nights included, each room is booked.
-- domain: rooms
-- kind: bars
-- unit: share
-- tables: [booking_booking, booking_room]
-- columns: [room_id, room, utilisation, booked_seconds]
-- parameters: {since: today-7d, until: today, rooms: []}
SELECT
    n.room_id AS room_id,
    n.name AS room,
    sum(h.utilisation) / nullIf(dateDiff('hour', {since:DateTime('UTC')}, {until:DateTime('UTC')}), 0) AS utilisation,
    sum(h.booked_seconds) AS booked_seconds
FROM v_rooms_now AS n
LEFT JOIN (
    SELECT room_id, utilisation, booked_seconds
    FROM v_room_hours
    WHERE hour >= {since:DateTime('UTC')} AND hour < {until:DateTime('UTC')}
) AS h ON h.room_id = n.room_id
WHERE (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, n.room_id))
GROUP BY room_id, room
ORDER BY utilisation DESC, room
