-- title: {ru: Журнал действий, kk: Әрекеттер журналы, en: Actions}
-- answers: How often each kind of action was logged on a day.
-- domain: companies
-- kind: series
-- unit: records
-- tables: [core_actionlog]
-- columns: [day, action, actions]
-- parameters: {from_day: today-30d, to_day: today}
SELECT day, action, actions
FROM v_actions_daily
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
ORDER BY day, action
