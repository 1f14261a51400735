-- title: {ru: Компании, kk: Компаниялар, en: Companies}
-- answers: How many companies there are by type, status and verification.
-- domain: companies
-- kind: table
-- unit: companies
-- tables: [account_company]
-- columns: [company_type, status, verified, companies]
SELECT company_type, status, verified, companies
FROM v_companies
ORDER BY companies DESC, company_type, status, verified
