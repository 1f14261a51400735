-- title: {ru: Активации и уведомления, kk: Белсендіру және хабарламалар, en: Activations and notifications}
-- answers: How many accounts were activated and notifications sent and read on a day.
-- domain: companies
-- kind: series
-- unit: messages
-- tables: [account_activation, core_notification]
-- columns: [day, activations, notifications, notifications_read]
-- parameters: {from_day: today-30d, to_day: today}
SELECT day, sum(d.activations) AS activations, sum(d.notifications) AS notifications, sum(d.read) AS notifications_read
FROM (
    SELECT day, activations, 0 AS notifications, 0 AS read FROM v_activations_daily
    UNION ALL
    SELECT day, 0 AS activations, notifications, read FROM v_notifications_daily
) AS d
WHERE day >= {from_day:Date32} AND day <= {to_day:Date32}
GROUP BY day
ORDER BY day
