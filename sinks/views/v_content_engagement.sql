-- Blogs and articles by author, company and category: how many are published, their views and reactions.
CREATE OR REPLACE VIEW v_content_engagement AS
SELECT
    b.content_type AS content_type,
    b.author_id AS author_id,
    b.company_id AS company_id,
    b.category_id AS category_id,
    any(coalesce(nullIf(t.title_ru, ''), toString(b.category_id))) AS category_ru,
    any(coalesce(nullIf(t.title_kk, ''), toString(b.category_id))) AS category_kk,
    any(coalesce(nullIf(t.title_en, ''), toString(b.category_id))) AS category_en,
    count() AS items,
    countIf(b.status = $content_published) AS publications,
    sum(ifNull(b.view_count, 0)) AS views,
    sum(b.likes) AS likes,
    sum(b.dislikes) AS dislikes,
    likes + dislikes AS reactions
FROM (
    SELECT 'blog' AS content_type, author_id, company_id, category_id, status, view_count, likes, dislikes FROM core_blog FINAL
    UNION ALL
    SELECT 'article' AS content_type, author_id, company_id, category_id, status, view_count, likes, dislikes FROM core_article FINAL
) AS b
LEFT JOIN (SELECT * FROM v_titles WHERE kind = 'category') AS t ON t.id = b.category_id
GROUP BY content_type, author_id, company_id, category_id
