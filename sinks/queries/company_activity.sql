-- title: {ru: Активность компаний, kk: Компаниялар белсенділігі, en: Company activity}
-- answers: What each company does here, by requests, content, bookings, people.
-- domain: companies
-- kind: table
-- unit: requests
-- tables: [service_servicerequest, booking_booking, account_company, account_usercompany, core_event, core_vacancy, core_blog, core_article]
-- columns: [company_id, company_type, status, tags, requests_open, requests_success, events, vacancies, blogs,
--   articles, bookings, members]
-- parameters: {companies: [], limit: 50}
SELECT
    company_id, company_type, status, tags, requests_open, requests_success, events, vacancies, blogs, articles,
    bookings, members
FROM v_company_activity
WHERE empty({companies:Array(Int64)}) OR has({companies:Array(Int64)}, company_id)
ORDER BY requests_open DESC, company_id
LIMIT {limit:UInt32}
