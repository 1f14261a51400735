-- title: {ru: Комментарии, kk: Пікірлер, en: Comments}
-- answers: How many comments and answers were written on a day, by what they are about.
-- domain: content
-- kind: series
-- unit: comments
-- tables: [core_comment]
-- columns: [day, source, comments, replies, reactions]
-- parameters: {from_day: today-30d, to_day: today}
SELECT day, source, comments, replies, reactions
FROM v_comment_activity_daily
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
ORDER BY day, source
