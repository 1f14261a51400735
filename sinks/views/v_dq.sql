-- Open data quality issues by rule: those the stream found, and those that depend on several rows or on now.
-- The latter are detected whenever the view is read.
CREATE OR REPLACE VIEW v_dq AS
WITH $now AS n
SELECT i.rule AS rule, i.entity AS entity, count() AS open, max(i.detected) AS last_detected_at
FROM (
    SELECT toString(rule) AS rule, toString(entity) AS entity, detected_at AS detected
    FROM dq_issues FINAL
    WHERE resolved_at IS NULL
    UNION ALL
    SELECT 'booking_overlap' AS rule, 'booking_booking' AS entity, n AS detected
    FROM v_booking_overlaps
    WHERE overlap_to > n
    UNION ALL
    SELECT 'orphan' AS rule, entity, n AS detected
    FROM (SELECT DISTINCT entity, entity_id FROM v_dq_orphans)
    UNION ALL
    SELECT 'history_mismatch' AS rule, entity, n AS detected
    FROM v_dq_history_mismatches
) AS i
GROUP BY rule, entity
