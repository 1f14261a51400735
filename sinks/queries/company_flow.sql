-- title: {ru: Регистрация и блокировка компаний, kk: Компанияларды тіркеу және бұғаттау, en: Companies registered and blocked}
-- answers: How many companies were registered, blocked, freed or removed on a day.
-- domain: companies
-- kind: series
-- unit: transitions
-- tables: [account_company]
-- columns: [day, to_status, transitions]
-- parameters: {from_day: today-30d, to_day: today}
SELECT day, to_status, sum(f.transitions) AS transitions
FROM v_company_flow_daily AS f
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
GROUP BY day, to_status
ORDER BY day, to_status
