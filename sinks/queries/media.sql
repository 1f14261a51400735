-- title: {ru: Файлы, kk: Файлдар, en: Files}
-- answers: How many files of each kind were stored on a day.
-- domain: content
-- kind: series
-- unit: files
-- tables: [shared_mediafile, shared_protectedmediafile, landing_pagemediafile]
-- columns: [day, kind, files]
-- parameters: {from_day: today-30d, to_day: today}
SELECT day, kind, files
FROM v_media_daily
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
ORDER BY day, kind
