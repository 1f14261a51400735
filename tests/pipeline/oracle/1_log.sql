-- The views again, as plain SQL over the source's own tables and a log of its changes written by triggers.
-- Shares no code and no data with the pipeline. "Now" is the setting oracle.now, so that both sides mean the same instant.
-- Here: the log, where everything stood when it began, and what the other files build on.
CREATE SCHEMA oracle;

CREATE TABLE oracle.change (seq bigserial PRIMARY KEY, tbl text, op text, key text, before jsonb, after jsonb);

CREATE FUNCTION oracle.note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    b jsonb := CASE WHEN TG_OP != 'INSERT' THEN to_jsonb(OLD) - 'data' END;
    a jsonb := CASE WHEN TG_OP != 'DELETE' THEN to_jsonb(NEW) - 'data' END;
BEGIN
    INSERT INTO oracle.change (tbl, op, key, before, after)
    VALUES (TG_TABLE_NAME, CASE TG_OP WHEN 'INSERT' THEN 'create' ELSE lower(TG_OP) END,
        coalesce(a, b) ->> CASE TG_TABLE_NAME WHEN 'service_service' THEN 'code' WHEN 'account_activation' THEN 'uuid' ELSE 'id' END, b, a);
    RETURN NULL;
END $$;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY string_to_array(current_setting('oracle.tables'), ',') LOOP
        EXECUTE format('CREATE TRIGGER oracle_note AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION oracle.note()', t);
    END LOOP;
END $$;

CREATE INDEX ON oracle.change (tbl);

-- where everything with a status stood when capture began, and what the history table told
CREATE TABLE oracle.begun AS SELECT clock_timestamp() AS at;
CREATE TABLE oracle.past AS SELECT * FROM service_servicerequeststatus;
CREATE TABLE oracle.stood (tbl text, key text, row jsonb);
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['service_servicerequest', 'core_event', 'core_vacancy', 'core_blog', 'core_article', 'account_company'] LOOP
        EXECUTE format('INSERT INTO oracle.stood SELECT %L, id::text, to_jsonb(t) - ''data'' - ''content'' - ''description'' FROM %I AS t', t, t);
    END LOOP;
END $$;

CREATE FUNCTION oracle.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT current_setting('oracle.now')::timestamptz $$;
CREATE FUNCTION oracle.day(at timestamptz) RETURNS date LANGUAGE sql STABLE AS $$ SELECT (at AT TIME ZONE 'Asia/Almaty')::date $$;
CREATE FUNCTION oracle.seconds(span interval) RETURNS float8 LANGUAGE sql STABLE AS $$ SELECT extract(epoch FROM span)::float8 $$;
CREATE FUNCTION oracle.is_open(status text) RETURNS bool LANGUAGE sql STABLE AS $$ SELECT status NOT IN ('success', 'reject', 'rejected') $$;
CREATE FUNCTION oracle.waits_for(status text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN status IN ('draft', 'correction') THEN 'author' WHEN status IN ('created', 'sent', 'approved') THEN 'staff' ELSE '' END $$;

CREATE VIEW oracle.committed AS
SELECT seq, tbl, op, key, before, after, pg_xact_commit_timestamp(xmin) AS at FROM oracle.change;

-- what happened to the rows that have a status, in the order of the log; status NULL: deleted; `row` is the last that is known
CREATE VIEW oracle.event AS
SELECT 0::bigint AS seq, tbl, key::bigint AS id, 'snapshot' AS origin, (row ->> 'updated_at')::timestamptz AS at, row ->> 'status' AS status, row
FROM oracle.stood
UNION ALL
SELECT seq, tbl, key::bigint, 'stream', at, after ->> 'status', coalesce(after, before)
FROM oracle.committed WHERE tbl IN ('service_servicerequest', 'core_event', 'core_vacancy', 'core_blog', 'core_article', 'account_company');

CREATE VIEW oracle.moved AS
SELECT *, CASE WHEN from_status != '' AND lag(origin) OVER w = 'stream' THEN at - lag(at) OVER w END AS spent
FROM (
    SELECT tbl, id, seq, origin, at, row, coalesce(lag(status) OVER w, '') AS from_status, coalesce(status, 'removed') AS to_status
    FROM oracle.event WINDOW w AS (PARTITION BY tbl, id ORDER BY seq)
) AS e
WHERE from_status != to_status
WINDOW w AS (PARTITION BY tbl, id ORDER BY seq);

-- the status of each row that exists, and since when
CREATE VIEW oracle.stands AS
SELECT tbl, id, to_status AS status, at AS since, row
FROM (SELECT DISTINCT ON (tbl, id) * FROM oracle.moved ORDER BY tbl, id, seq DESC) AS m
WHERE to_status != 'removed';

-- titles: the asked language, else Russian, Kazakh, English, else the id
CREATE FUNCTION oracle.said(doc jsonb, language text, id text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(nullif(doc ->> language, ''), nullif(doc ->> 'ru', ''), nullif(doc ->> 'kk', ''), nullif(doc ->> 'en', ''), id) $$;

CREATE VIEW oracle.v_service_titles AS
SELECT code AS service, oracle.said(data -> 'name', 'ru', code) AS title_ru, oracle.said(data -> 'name', 'kk', code) AS title_kk,
    oracle.said(data -> 'name', 'en', code) AS title_en
FROM service_service;

CREATE VIEW oracle.v_titles AS
SELECT kind, id, oracle.said(title, 'ru', id::text) AS title_ru, oracle.said(title, 'kk', id::text) AS title_kk, oracle.said(title, 'en', id::text) AS title_en
FROM (
    SELECT 'event' AS kind, id, title FROM core_event
    UNION ALL SELECT 'vacancy', id, title FROM core_vacancy
    UNION ALL SELECT 'blog', id, title FROM core_blog
    UNION ALL SELECT 'article', id, title FROM core_article
    UNION ALL SELECT 'category', id, name FROM core_category
    UNION ALL SELECT 'city', id, name FROM core_city
    UNION ALL SELECT 'country', id, name FROM core_country
    UNION ALL SELECT 'organization', id, name FROM core_organization
    UNION ALL SELECT 'course', id, title FROM techorda_course
    UNION ALL SELECT 'flow', id, name FROM techorda_flow
    UNION ALL SELECT 'page', id, title FROM landing_page
) AS t;
