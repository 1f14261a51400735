-- title: {ru: Изменения по минутам, kk: Минут сайынғы өзгерістер, en: Changes per minute}
-- answers: How many changes of each domain the stream brought, minute by minute.
-- domain: pipeline
-- kind: series
-- unit: changes
-- tables: [pipeline]
-- columns: [minute, domain, changes]
-- parameters: {since: now-1h, until: now}
SELECT minute, domain, sum(a.changes) AS changes
FROM v_activity AS a
WHERE minute >= {since:DateTime('UTC')} AND minute <= {until:DateTime('UTC')}
GROUP BY minute, domain
ORDER BY minute, domain
