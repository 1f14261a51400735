-- title: {ru: Занято комнат, kk: Бос емес бөлмелер, en: Rooms in use}
-- answers: How many rooms there are, and how many of them are in use now.
-- domain: rooms
-- kind: stat
-- unit: rooms
-- tables: [booking_booking, booking_room]
-- columns: [rooms, rooms_in_use]
-- metrics:
--   - {name: techhub_rooms, value: rooms}
--   - {name: techhub_rooms_in_use, value: rooms_in_use}
SELECT count() AS rooms, countIf(state = 'in_use') AS rooms_in_use
FROM v_rooms_now
