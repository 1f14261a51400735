-- title: {ru: Число пересечений, kk: Қиылысулар саны, en: Number of overlaps}
-- answers: How many pairs of bookings that are not over occupy one room at the same time.
-- domain: rooms
-- kind: stat
-- unit: overlaps
-- tables: [booking_booking]
-- columns: [overlaps]
-- parameters: {since: now}
-- thresholds:
--   overlaps: {warning: 1, critical: 10}
-- metrics:
--   - {name: techhub_booking_overlaps, value: overlaps}
SELECT count() AS overlaps
FROM v_booking_overlaps
WHERE overlap_to > {since:DateTime('UTC')}
