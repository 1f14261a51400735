-- Files by the day they were stored: public and protected ones, and those of pages.
CREATE OR REPLACE VIEW v_media_daily AS
SELECT toDate32(assumeNotNull(c.at), $timezone) AS day, c.kind AS kind, count() AS files
FROM (
    SELECT 'public' AS kind, $created_at AS at FROM shared_mediafile AS r FINAL
    UNION ALL
    SELECT 'protected' AS kind, $created_at AS at FROM shared_protectedmediafile AS r FINAL
    UNION ALL
    SELECT 'page' AS kind, $created_at AS at FROM landing_pagemediafile AS r FINAL
) AS c
WHERE c.at IS NOT NULL
GROUP BY day, kind
