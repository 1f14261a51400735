-- title: {ru: Доля отмен, kk: Бас тарту үлесі, en: Cancellations}
-- answers: Which share of the bookings that start within the days was cancelled; NULL without bookings.
-- domain: rooms
-- kind: stat
-- unit: share
-- tables: [booking_booking]
-- columns: [bookings, cancelled, cancelled_share]
-- parameters: {from_day: today-7d, to_day: today, rooms: []}
-- thresholds:
--   cancelled_share: {warning: 0.3, critical: 0.5}
-- metrics:
--   - {name: techhub_booking_cancelled_share, value: cancelled_share}
--   - {name: techhub_bookings_started, value: bookings}
SELECT sum(b.bookings) AS bookings, sum(b.cancelled) AS cancelled, cancelled / nullIf(bookings, 0) AS cancelled_share
FROM v_booking_outcomes_daily AS b
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({rooms:Array(Int64)}) OR has({rooms:Array(Int64)}, ifNull(room_id, 0)))
