-- title: {ru: Брони компаний, kk: Компаниялардың брондары, en: Bookings by company}
-- answers: Which companies book most, and how many of their bookings were cancelled.
-- domain: rooms
-- kind: table
-- unit: bookings
-- tables: [booking_booking]
-- columns: [company_id, bookings, finished, cancelled]
-- parameters: {from_day: today-30d, to_day: today, limit: 50}
SELECT company_id, sum(b.bookings) AS bookings, sum(b.finished) AS finished, sum(b.cancelled) AS cancelled
FROM v_booking_companies_daily AS b
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
GROUP BY company_id
ORDER BY bookings DESC, company_id
LIMIT {limit:UInt32}
