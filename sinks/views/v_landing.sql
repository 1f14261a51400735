-- Pages of each organization, and what they are made of.
CREATE OR REPLACE VIEW v_landing AS
SELECT
    p.organization_id AS organization_id,
    any(coalesce(nullIf(t.title_ru, ''), toString(p.organization_id))) AS title_ru,
    any(coalesce(nullIf(t.title_kk, ''), toString(p.organization_id))) AS title_kk,
    any(coalesce(nullIf(t.title_en, ''), toString(p.organization_id))) AS title_en,
    count() AS pages,
    countIf(ifNull(p.published, false)) AS published_pages,
    sum(s.sections) AS sections,
    sum(s.components) AS components,
    sum(m.media) AS media
FROM (SELECT * FROM landing_page FINAL) AS p
LEFT JOIN (
    SELECT assumeNotNull(k.page_id) AS page_id, count() AS sections, sum(n.components) AS components
    FROM (SELECT * FROM landing_section FINAL) AS k
    LEFT JOIN (
        SELECT assumeNotNull(section_id) AS section_id, count() AS components
        FROM landing_component FINAL
        WHERE section_id IS NOT NULL
        GROUP BY section_id
    ) AS n ON n.section_id = k.id
    WHERE k.page_id IS NOT NULL
    GROUP BY page_id
) AS s ON s.page_id = p.id
LEFT JOIN (
    SELECT assumeNotNull(page_id) AS page_id, count() AS media
    FROM landing_pagemediafile FINAL
    WHERE page_id IS NOT NULL
    GROUP BY page_id
) AS m ON m.page_id = p.id
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'organization') AS t ON t.id = p.organization_id
GROUP BY organization_id
