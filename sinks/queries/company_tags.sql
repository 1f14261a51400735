-- title: {ru: Компании по тегам, kk: Тегтер бойынша компаниялар, en: Companies by tag}
-- answers: How many companies have each tag.
-- domain: companies
-- kind: bars
-- unit: companies
-- tables: [account_company]
-- columns: [tag, companies]
SELECT tag, sum(number) AS companies
FROM v_companies AS c
ARRAY JOIN mapKeys(c.tagged) AS tag, mapValues(c.tagged) AS number
GROUP BY tag
ORDER BY companies DESC, tag
