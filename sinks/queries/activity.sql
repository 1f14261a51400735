-- title: {ru: Изменения по минутам, kk: Минут сайынғы өзгерістер, en: Changes per minute}
-- answers: How many changes of each domain the stream brought, minute by minute or in longer steps.
-- domain: pipeline
-- kind: series
-- unit: changes
-- tables: [pipeline]
-- columns: [minute, domain, changes]
-- parameters: {since: now-1h, until: now, bucket_seconds: 60}
SELECT
    toStartOfInterval(a.minute, toIntervalSecond({bucket_seconds:UInt32})) AS minute,
    domain,
    sum(a.changes) AS changes
FROM v_activity AS a
WHERE a.minute >= {since:DateTime('UTC')} AND a.minute <= {until:DateTime('UTC')}
GROUP BY minute, domain
ORDER BY minute, domain
