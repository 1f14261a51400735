-- title: {ru: Участники компаний, kk: Компания мүшелері, en: Members of companies}
-- answers: How many people each company has, who asked to join, and who was asked.
-- domain: companies
-- kind: table
-- unit: people
-- tables: [account_usercompany, account_usercompanyrequest, account_usercompanyinvitation]
-- columns: [company_id, users, verified_users, join_requests, invitations]
-- parameters: {limit: 50}
SELECT
    company_id,
    m.users AS users,
    m.verified_users AS verified_users,
    m.requests AS join_requests,
    m.invitations AS invitations
FROM v_memberships AS m
ORDER BY users DESC, company_id
LIMIT {limit:UInt32}
