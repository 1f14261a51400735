-- title: {ru: Вакансии, kk: Бос орындар, en: Vacancies}
-- answers: How many vacancies are open, and how many people want them.
-- domain: vacancies
-- kind: stat
-- unit: vacancies
-- tables: [core_vacancy, core_vacancycandidate]
-- columns: [active, candidates]
SELECT countIf(v.active) AS active, sumIf(v.candidates, v.active) AS candidates
FROM v_vacancies AS v
