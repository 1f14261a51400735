-- title: {ru: Блоги и статьи, kk: Блогтар мен мақалалар, en: Blogs and articles}
-- answers: How many blogs and articles of each category are published, and how much they are viewed and liked.
-- domain: content
-- kind: table
-- unit: views
-- tables: [core_blog, core_article, core_category]
-- columns: [content_type, category_id, category_ru, category_kk, category_en, items, publications, views, likes,
--   dislikes, reactions]
SELECT
    content_type,
    category_id,
    any(e.category_ru) AS category_ru,
    any(e.category_kk) AS category_kk,
    any(e.category_en) AS category_en,
    sum(e.items) AS items,
    sum(e.publications) AS publications,
    sum(e.views) AS views,
    sum(e.likes) AS likes,
    sum(e.dislikes) AS dislikes,
    sum(e.reactions) AS reactions
FROM v_content_engagement AS e
GROUP BY content_type, category_id
ORDER BY views DESC, content_type, category_id
