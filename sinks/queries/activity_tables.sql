-- title: {ru: Изменения по таблицам, kk: Кестелер бойынша өзгерістер, en: Changes by table}
-- answers: How many changes each table had within the span, by operation.
-- domain: pipeline
-- kind: table
-- unit: changes
-- tables: [pipeline]
-- columns: [domain, table, creates, updates, deletes, changes]
-- parameters: {since: now-1h, until: now}
SELECT
    domain,
    `table`,
    sumIf(a.changes, operation = 'create') AS creates,
    sumIf(a.changes, operation = 'update') AS updates,
    sumIf(a.changes, operation = 'delete') AS deletes,
    sum(a.changes) AS changes
FROM v_activity AS a
WHERE minute >= {since:DateTime('UTC')} AND minute <= {until:DateTime('UTC')}
GROUP BY domain, `table`
ORDER BY changes DESC, `table`
