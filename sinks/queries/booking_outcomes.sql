-- title: {ru: Брони по дням, kk: Күн сайынғы брондар, en: Bookings per day}
-- answers: How many bookings start on a day, how many were cancelled or are finished, and how long they last.
-- domain: rooms
-- kind: series
-- unit: bookings
-- tables: [booking_booking]
-- columns: [day, bookings, cancelled, finished, cancelled_share, avg_duration_seconds]
-- parameters: {from_day: today-30d, to_day: today, rooms: []}
SELECT
    day,
    sum(b.bookings) AS bookings,
    sum(b.cancelled) AS cancelled,
    sum(b.finished) AS finished,
    cancelled / bookings AS cancelled_share,
    sum(b.avg_duration_seconds * (b.bookings - b.cancelled))
        / sum(if(b.avg_duration_seconds IS NULL, 0, b.bookings - b.cancelled)) AS avg_duration_seconds
FROM v_booking_outcomes_daily AS b
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, ifNull(room_id, 0)))
GROUP BY day
ORDER BY day
