-- References to rows that are gone; silent while the table they refer to is empty here.
CREATE OR REPLACE VIEW v_dq_orphans AS
WITH existing AS (
$existing
)
SELECT entity, entity_id, link.1 AS reference, link.2 AS target, assumeNotNull(link.3) AS missing_id
FROM (
$references
)
WHERE link.3 IS NOT NULL
    AND link.2 IN (SELECT target FROM existing)
    AND (link.2, assumeNotNull(link.3)) NOT IN (SELECT target, id FROM existing)
