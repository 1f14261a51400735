-- title: {ru: Лента по дням, kk: Таспа күн сайын, en: Feed per day}
-- answers: How much content of each type came into the feed on a day.
-- domain: content
-- kind: series
-- unit: items
-- tables: [core_feed]
-- columns: [day, content_type, items]
-- parameters: {from_day: today-30d, to_day: today, types: []}
SELECT day, content_type, items
FROM v_feed_daily
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({types:Array(String)}) OR content_type IN {types:Array(String)})
ORDER BY day, content_type
