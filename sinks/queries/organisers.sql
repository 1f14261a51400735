-- title: {ru: Организаторы, kk: Ұйымдастырушылар, en: Organisers}
-- answers: Which companies and organizations draw most participants, and what they have published.
-- domain: content
-- kind: table
-- unit: people
-- tables: [core_event, core_vacancy, core_blog, core_article, core_eventparticipant, core_organization]
-- columns: [kind, organiser_id, title_ru, title_kk, title_en, events, participants, views, publications]
-- parameters: {limit: 20}
SELECT kind, organiser_id, title_ru, title_kk, title_en, events, participants, views, publications
FROM v_organisers
ORDER BY participants DESC, kind, organiser_id
LIMIT {limit:UInt32}
