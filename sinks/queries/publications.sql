-- title: {ru: Публикации, kk: Жарияланымдар, en: Publications}
-- answers: How much content of each type was first published, rejected or deleted on a day.
-- domain: content
-- kind: series
-- unit: items
-- tables: [core_event, core_vacancy, core_blog, core_article]
-- columns: [day, content_type, published, rejected, deleted]
-- parameters: {from_day: today-30d, to_day: today, types: []}
SELECT day, content_type, sum(p.published) AS published, sum(p.rejected) AS rejected, sum(p.deleted) AS deleted
FROM v_content_publications_daily AS p
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
    AND (empty({types:Array(String)}) OR content_type IN {types:Array(String)})
GROUP BY day, content_type
ORDER BY day, content_type
