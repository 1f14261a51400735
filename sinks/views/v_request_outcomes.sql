-- What became of the requests of each service; shares are of decided ones, NULL where none is.
CREATE OR REPLACE VIEW v_request_outcomes AS
SELECT
    r.service AS service,
    coalesce(nullIf(t.title_ru, ''), r.service) AS title_ru,
    coalesce(nullIf(t.title_kk, ''), r.service) AS title_kk,
    coalesce(nullIf(t.title_en, ''), r.service) AS title_en,
    r.total AS total,
    r.total - r.success - r.rejected AS open,
    r.success AS success,
    r.rejected AS rejected,
    r.success / nullIf(r.success + r.rejected, 0) AS success_share,
    r.rejected / nullIf(r.success + r.rejected, 0) AS rejected_share
FROM (
    SELECT
        service,
        toInt64(count()) AS total,
        toInt64(countIf(status = $request_success)) AS success,
        toInt64(countIf(status IN $request_rejected)) AS rejected
    FROM requests FINAL
    GROUP BY service
) AS r
LEFT JOIN v_service_titles AS t ON t.service = r.service
