-- title: {ru: Пользователи, kk: Пайдаланушылар, en: Users}
-- answers: How many users there are by role and state; never who.
-- domain: companies
-- kind: table
-- unit: people
-- tables: [account_user]
-- columns: [role, is_active, blocked, users, verified_users, with_company]
SELECT role, is_active, blocked, users, verified AS verified_users, with_company
FROM v_users
ORDER BY users DESC, role, is_active, blocked
