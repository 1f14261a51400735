-- Streamed changes of every captured table, per minute.
CREATE OR REPLACE VIEW v_activity AS
SELECT
    a.minute AS minute,
    a.domain AS domain,
    a.`table` AS `table`,
    a.operation AS operation,
    sum(a.changes) AS changes
FROM activity_1m AS a FINAL
GROUP BY minute, domain, `table`, operation
HAVING sum(a.changes) != 0
