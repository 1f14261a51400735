-- title: {ru: Участники и просмотры событий, kk: Іс-шара қатысушылары мен қаралымдары, en: Event engagement}
-- answers: Which events drew most participants, and how many of those who looked came.
-- domain: content
-- kind: table
-- unit: people
-- tables: [core_event, core_eventparticipant]
-- columns: [event_id, title_ru, title_kk, title_en, participants, views, conversion]
-- parameters: {limit: 20}
SELECT event_id, title_ru, title_kk, title_en, participants, views, conversion
FROM v_event_engagement
ORDER BY participants DESC, event_id
LIMIT {limit:UInt32}
