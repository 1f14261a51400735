-- title: {ru: Регистрации на события, kk: Іс-шараларға тіркелу, en: Registrations}
-- answers: How many people registered for events on a day.
-- domain: content
-- kind: series
-- unit: people
-- tables: [core_eventparticipant, core_event]
-- columns: [day, registrations]
-- parameters: {from_day: today-30d, to_day: today}
SELECT day, sum(r.registrations) AS registrations
FROM v_registrations_daily AS r
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
GROUP BY day
ORDER BY day
