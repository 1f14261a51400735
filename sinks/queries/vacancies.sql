-- title: {ru: Активные вакансии, kk: Белсенді бос орындар, en: Active vacancies}
-- answers: Which vacancies are open, what they pay, and how many people want them.
-- domain: vacancies
-- kind: table
-- unit: people
-- tables: [core_vacancy, core_vacancycandidate, core_city]
-- columns: [vacancy_id, title_ru, title_kk, title_en, vacancy_type, city_id, city_ru, city_kk, city_en, company_id,
--   candidates, salary_min, salary_max, lifetime_seconds]
-- parameters: {cities: [], limit: 50}
SELECT
    vacancy_id, title_ru, title_kk, title_en, vacancy_type, city_id, city_ru, city_kk, city_en,
    company_id, candidates, salary_min, salary_max, lifetime_seconds
FROM v_vacancies
WHERE active AND (empty({cities:Array(Int64)}) OR has({cities:Array(Int64)}, ifNull(city_id, 0)))
ORDER BY candidates DESC, vacancy_id
LIMIT {limit:UInt32}
