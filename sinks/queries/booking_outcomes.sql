-- title: {ru: Брони по дням, kk: Күн сайынғы брондар, en: Bookings per day}
-- answers: How many bookings start on a day, how many were cancelled or are finished.
-- domain: rooms
-- kind: series
-- unit: bookings
-- tables: [booking_booking]
-- columns: [day, bookings, cancelled, finished, cancelled_share]
-- parameters: {from_day: today-30d, to_day: today, rooms: []}
SELECT
    day,
    sum(b.bookings) AS bookings,
    sum(b.cancelled) AS cancelled,
    sum(b.finished) AS finished,
    cancelled / bookings AS cancelled_share
FROM v_booking_outcomes_daily AS b
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, ifNull(room_id, 0)))
GROUP BY day
ORDER BY day
