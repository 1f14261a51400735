-- How many users there are by role, and whether they are active or blocked, how many are verified; never who.
CREATE OR REPLACE VIEW v_users AS
SELECT
    ifNull(r.role, '') AS role,
    ifNull(r.is_active, false) AS is_active,
    ifNull(r.blocked, false) AS blocked,
    count() AS users,
    $users_verified AS verified,
    countIf(r.company_id IS NOT NULL) AS with_company
FROM account_user AS r FINAL
GROUP BY role, is_active, blocked
