-- title: {ru: Страницы, kk: Беттер, en: Pages}
-- answers: How many pages each organization has, and what they are made of.
-- domain: content
-- kind: table
-- unit: pages
-- tables: [landing_page, landing_section, landing_component, landing_pagemediafile]
-- columns: [organization_id, title_ru, title_kk, title_en, pages, published_pages, sections, components, media]
SELECT organization_id, title_ru, title_kk, title_en, pages, published_pages, sections, components, media
FROM v_landing
ORDER BY pages DESC, organization_id
