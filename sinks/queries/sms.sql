-- title: {ru: SMS, kk: SMS, en: Text messages}
-- answers: How many text messages of each kind were sent on a day; never to whom or what.
-- domain: companies
-- kind: series
-- unit: messages
-- tables: [shared_smslog]
-- columns: [day, kind, messages]
-- parameters: {from_day: today-30d, to_day: today}
SELECT day, kind, messages
FROM v_sms_daily
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
ORDER BY day, kind
