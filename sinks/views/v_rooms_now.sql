-- Each room now: free or in use, by the booking that ends last. A booked room that has no row of its own is shown by its id.
CREATE OR REPLACE VIEW v_rooms_now AS
WITH $now AS n
SELECT
    room_id,
    coalesce(nullIf(max(x.room_name), ''), toString(room_id)) AS name,
    if(until IS NULL, 'free', 'in_use') AS state,
    argMaxOrNullIf(x.booking, (x.ends, x.booking), x.starts <= n) AS booking_id,
    maxOrNullIf(x.ends, x.starts <= n) AS until,
    minOrNullIf(x.starts, x.starts > n) AS next_starts_at
FROM (
    SELECT id AS room_id, ifNull(name, '') AS room_name, NULL AS booking, NULL AS starts, NULL AS ends
    FROM booking_room FINAL
    UNION ALL
    SELECT room_id, '' AS room_name, booking_id AS booking, starts_at AS starts, ends_at AS ends
    FROM v_booking_occupancy
    WHERE ends_at > n
) AS x
GROUP BY room_id
