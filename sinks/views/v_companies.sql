-- How many companies there are by type, status and verification; `tagged` counts those that have each tag.
CREATE OR REPLACE VIEW v_companies AS
SELECT
    c.company_type AS company_type,
    c.status AS status,
    c.verified AS verified,
    count() AS companies,
    sumMap(c.tag_counts) AS tagged
FROM (
    SELECT
        ifNull(r.company_type, '') AS company_type,
        r.status AS status,
        ifNull(r.verified, false) AS verified,
        mapFromArrays(arrayFilter((tag, has) -> has, $company_tags) AS tags, arrayMap(tag -> toUInt64(1), tags)) AS tag_counts
    FROM account_company AS r FINAL
) AS c
GROUP BY company_type, status, verified
