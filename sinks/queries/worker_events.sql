-- title: {ru: События воркеров, kk: Воркер оқиғалары, en: Worker events}
-- answers: When workers started, stopped or asked for a repair.
-- domain: pipeline
-- kind: table
-- unit: records
-- tables: [pipeline]
-- columns: [at, worker, event, detail]
-- parameters: {since: now-24h, until: now, limit: 200}
SELECT at, worker, event, detail
FROM worker_events
WHERE at >= {since:DateTime('UTC')} AND at <= {until:DateTime('UTC')}
ORDER BY at DESC, worker, event
LIMIT {limit:UInt32}
