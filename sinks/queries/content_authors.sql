-- title: {ru: Авторы, kk: Авторлар, en: Authors}
-- answers: Whose blogs and articles are viewed most.
-- domain: content
-- kind: table
-- unit: views
-- tables: [core_blog, core_article]
-- columns: [author_id, publications, views, reactions]
-- parameters: {limit: 20}
SELECT author_id, sum(e.publications) AS publications, sum(e.views) AS views, sum(e.reactions) AS reactions
FROM v_content_engagement AS e
GROUP BY author_id
ORDER BY views DESC, author_id
LIMIT {limit:UInt32}
