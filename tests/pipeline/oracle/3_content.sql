-- Events, vacancies, blogs, articles, comments, the feed.
CREATE VIEW oracle.content AS
SELECT substr(tbl, 6) AS content_type, id, status, since, row FROM oracle.stands WHERE tbl IN ('core_event', 'core_vacancy', 'core_blog', 'core_article');

CREATE VIEW oracle.content_moved AS
SELECT substr(tbl, 6) AS content_type, id, seq, origin, at, from_status, to_status, spent, (row ->> 'company_id')::bigint AS company_id,
    (row ->> 'organization_id')::bigint AS organization_id, (row ->> 'author_id')::bigint AS author_id
FROM oracle.moved WHERE tbl IN ('core_event', 'core_vacancy', 'core_blog', 'core_article');

CREATE VIEW oracle.v_content_backlog AS
SELECT content_type, status, CASE status WHEN 'sent' THEN 'staff' ELSE 'author' END AS waiting_on, count(*) AS items, min(since) AS oldest_since,
    floor(oracle.seconds(oracle.now() - min(since)))::bigint AS oldest_age_seconds
FROM oracle.content WHERE status IN ('sent', 'correction') GROUP BY 1, 2;

CREATE VIEW oracle.v_content_backlog_hourly AS
SELECT hour, content_type, status, count(*) AS items
FROM generate_series(date_trunc('hour', (SELECT at FROM oracle.begun)), oracle.now(), interval '1 hour') AS hour
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (tbl, id) substr(tbl, 6) AS content_type, status
    FROM oracle.event WHERE tbl IN ('core_event', 'core_vacancy', 'core_blog', 'core_article') AND at < hour + interval '1 hour'
    ORDER BY tbl, id, seq DESC
) AS stood
WHERE status IN ('sent', 'correction')
GROUP BY 1, 2, 3;

CREATE VIEW oracle.v_content_flow_hourly AS
SELECT date_trunc('hour', at) AS hour, content_type, from_status, to_status, count(*) AS transitions, avg(oracle.seconds(spent)) AS avg_seconds
FROM oracle.content_moved WHERE origin = 'stream' GROUP BY 1, 2, 3, 4;

CREATE VIEW oracle.v_content_publications_daily AS
SELECT oracle.day(at) AS day, content_type, company_id, organization_id, author_id, count(*) FILTER (WHERE milestone = 'success') AS published,
    count(*) FILTER (WHERE milestone = 'reject') AS rejected, count(*) FILTER (WHERE milestone = 'gone') AS deleted
FROM (
    SELECT DISTINCT ON (content_type, id, milestone) *
    FROM oracle.content_moved
    CROSS JOIN LATERAL (SELECT CASE WHEN to_status IN ('deleted', 'removed') THEN 'gone' ELSE to_status END AS milestone) AS m
    WHERE origin = 'stream' AND milestone IN ('success', 'reject', 'gone')
    ORDER BY content_type, id, milestone, seq
) AS arrivals
GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW oracle.v_content_engagement AS
SELECT b.content_type, b.author_id, b.company_id, b.category_id, c.title_ru AS category_ru, c.title_kk AS category_kk, c.title_en AS category_en,
    count(*) AS items, count(*) FILTER (WHERE status = 'success') AS publications, sum(view_count) AS views, sum(cardinality(likes)) AS likes,
    sum(cardinality(dislikes)) AS dislikes, sum(cardinality(likes) + cardinality(dislikes)) AS reactions
FROM (
    SELECT 'blog' AS content_type, author_id, company_id, category_id, status, view_count, likes, dislikes FROM core_blog
    UNION ALL SELECT 'article', author_id, company_id, category_id, status, view_count, likes, dislikes FROM core_article
) AS b
LEFT JOIN oracle.v_titles AS c ON c.kind = 'category' AND c.id = b.category_id
GROUP BY 1, 2, 3, 4, 5, 6, 7;

CREATE VIEW oracle.v_events AS
SELECT e.id AS event_id, title_ru, title_kk, title_en, status, published, event_type, event_format, datetime_start AS starts_at, datetime_end AS ends_at,
    datetime_start > oracle.now() AS upcoming, company_id, organization_id, author_id, coalesce(participants, 0) AS participants, view_count AS views
FROM core_event AS e
JOIN oracle.v_titles AS t ON t.kind = 'event' AND t.id = e.id
LEFT JOIN (SELECT event_id AS id, count(*) AS participants FROM core_eventparticipant GROUP BY 1) AS p ON p.id = e.id;

CREATE VIEW oracle.v_event_engagement AS
SELECT event_id, title_ru, title_kk, title_en, status, event_type, event_format, company_id, organization_id, participants, views,
    participants::float8 / nullif(views, 0) AS conversion
FROM oracle.v_events;

CREATE VIEW oracle.v_registrations_daily AS
SELECT oracle.day(p.created_at) AS day, event_id, company_id, organization_id, count(*) AS registrations
FROM core_eventparticipant AS p JOIN core_event AS e ON e.id = event_id GROUP BY 1, 2, 3, 4;

CREATE VIEW oracle.v_organisers AS
SELECT o.kind, organiser_id, coalesce(t.title_ru, organiser_id::text) AS title_ru, coalesce(t.title_kk, organiser_id::text) AS title_kk,
    coalesce(t.title_en, organiser_id::text) AS title_en, count(*) FILTER (WHERE content_type = 'event') AS events,
    coalesce(sum(e.participants), 0) AS participants, coalesce(sum(e.views), 0) AS views, count(*) FILTER (WHERE c.status = 'success') AS publications
FROM oracle.content AS c
CROSS JOIN LATERAL (
    VALUES ('company', (c.row ->> 'company_id')::bigint), ('organization', (c.row ->> 'organization_id')::bigint)
) AS o (kind, organiser_id)
LEFT JOIN oracle.v_events AS e ON content_type = 'event' AND e.event_id = c.id
LEFT JOIN oracle.v_titles AS t ON o.kind = 'organization' AND t.kind = 'organization' AND t.id = organiser_id
WHERE organiser_id IS NOT NULL
GROUP BY 1, 2, 3, 4, 5;

-- lifetime: of those that were seen to be published, until they were rejected or deleted, else until now
CREATE VIEW oracle.v_vacancies AS
SELECT v.id AS vacancy_id, t.title_ru, t.title_kk, t.title_en, vacancy_type, city_id, c.title_ru AS city_ru, c.title_kk AS city_kk, c.title_en AS city_en,
    company_id, v.status, v.status = 'success' AND published AS active, coalesce(candidates, 0) AS candidates, salary_min, salary_max,
    oracle.seconds(CASE WHEN v.status IN ('reject', 'deleted') THEN s.since ELSE oracle.now() END - f.at) AS lifetime_seconds
FROM core_vacancy AS v
JOIN oracle.v_titles AS t ON t.kind = 'vacancy' AND t.id = v.id
LEFT JOIN oracle.v_titles AS c ON c.kind = 'city' AND c.id = city_id
LEFT JOIN (SELECT vacancy_id AS id, count(*) AS candidates FROM core_vacancycandidate GROUP BY 1) AS w ON w.id = v.id
LEFT JOIN (
    SELECT id, min(at) AS at FROM oracle.content_moved WHERE content_type = 'vacancy' AND origin = 'stream' AND to_status = 'success' GROUP BY 1
) AS f ON f.id = v.id
JOIN oracle.content AS s ON s.content_type = 'vacancy' AND s.id = v.id;

CREATE VIEW oracle.v_vacancy_market AS
SELECT city_id, city_ru, city_kk, city_en, vacancy_type, count(*) FILTER (WHERE active) AS active,
    avg(candidates) FILTER (WHERE active) AS candidates_per_vacancy, avg(salary_min) FILTER (WHERE active AND salary_min > 0) AS avg_salary_min,
    avg(salary_max) FILTER (WHERE active AND salary_max > 0) AS avg_salary_max, avg(lifetime_seconds) AS avg_lifetime_seconds
FROM oracle.v_vacancies GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW oracle.v_comment_activity_daily AS
SELECT day, source, sum(comments) AS comments, sum(replies) AS replies, jsonb_object_agg(status, comments) AS statuses, sum(likes) AS likes,
    sum(dislikes) AS dislikes, sum(likes + dislikes) AS reactions
FROM (
    SELECT oracle.day(created_at) AS day, source, status, count(*) AS comments, count(parent_id) AS replies, sum(cardinality(likes)) AS likes,
        sum(cardinality(dislikes)) AS dislikes
    FROM core_comment GROUP BY 1, 2, 3
) AS c
GROUP BY 1, 2;

CREATE VIEW oracle.v_feed_items AS
SELECT content_type, content_id, min(created_at) AS at
FROM core_feed
CROSS JOIN LATERAL (
    VALUES ('article', article_id), ('blog', blog_id), ('discussion', discussion_id), ('event', event_id), ('techtask', techtask_id),
        ('vacancy', vacancy_id)
) AS item (content_type, content_id)
WHERE published AND content_id IS NOT NULL
GROUP BY 1, 2;

CREATE VIEW oracle.v_feed_daily AS SELECT oracle.day(at) AS day, content_type, count(*) AS items FROM oracle.v_feed_items GROUP BY 1, 2;

CREATE VIEW oracle.v_feed_top AS
SELECT *, row_number() OVER (ORDER BY views DESC, comments DESC, reactions DESC, content_id DESC, content_type COLLATE "C") AS rank
FROM (
    SELECT f.content_type, content_id, coalesce(t.title_ru, content_id::text) AS title_ru, coalesce(t.title_kk, content_id::text) AS title_kk,
        coalesce(t.title_en, content_id::text) AS title_en, coalesce(s.views, 0) AS views, coalesce(c.comments, 0) AS comments,
        coalesce(s.reactions, 0) AS reactions
    FROM oracle.v_feed_items AS f
    LEFT JOIN oracle.v_titles AS t ON t.kind = f.content_type AND t.id = content_id
    LEFT JOIN (
        SELECT 'event' AS content_type, id, view_count AS views, 0 AS reactions FROM core_event
        UNION ALL SELECT 'vacancy', id, view_count, 0 FROM core_vacancy
        UNION ALL SELECT 'blog', id, view_count, cardinality(likes) + cardinality(dislikes) FROM core_blog
        UNION ALL SELECT 'article', id, view_count, cardinality(likes) + cardinality(dislikes) FROM core_article
    ) AS s ON s.content_type = f.content_type AND s.id = content_id
    LEFT JOIN (
        SELECT regexp_replace(lower(source), '^core[._]', '') AS content_type, primary_key AS id, count(*) AS comments FROM core_comment GROUP BY 1, 2
    ) AS c ON c.content_type = f.content_type AND c.id = content_id
) AS fed;
