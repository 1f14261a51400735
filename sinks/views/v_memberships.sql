-- People of each company by role, and who asked to join or was asked.
CREATE OR REPLACE VIEW v_memberships AS
SELECT
    assumeNotNull(p.company_id) AS company_id,
    uniqExactIf(p.user_id, p.what = 'member') AS users,
    uniqExactIf(p.user_id, p.what = 'member' AND p.verified) AS verified_users,
    sumMapIf(map(p.role, toUInt64(1)), p.what = 'member') AS roles,
    countIf(p.what = 'request') AS requests,
    countIf(p.what = 'invitation') AS invitations
FROM (
    SELECT 'member' AS what, company_id, user_id, ifNull(role, '') AS role, ifNull(verified, false) AS verified
    FROM account_usercompany FINAL
    UNION ALL
    SELECT 'request' AS what, company_id, user_id, '' AS role, false AS verified FROM account_usercompanyrequest FINAL
    UNION ALL
    SELECT 'invitation' AS what, company_id, invited_user_id AS user_id, '' AS role, false AS verified
    FROM account_usercompanyinvitation FINAL
) AS p
WHERE p.company_id IS NOT NULL
GROUP BY company_id
