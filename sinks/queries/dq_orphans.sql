-- title: {ru: Ссылки в никуда, kk: Ешқайда апармайтын сілтемелер, en: References to nothing}
-- answers: How many references lead to rows that are gone.
-- domain: pipeline
-- kind: table
-- unit: issues
-- tables: [pipeline]
-- columns: [entity, reference, target, issues]
SELECT entity, reference, target, count() AS issues
FROM v_dq_orphans
GROUP BY entity, reference, target
ORDER BY issues DESC, entity, reference
