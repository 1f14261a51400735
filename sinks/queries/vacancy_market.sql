-- title: {ru: Рынок вакансий, kk: Бос орындар нарығы, en: Vacancy market}
-- answers: Where vacancies are, what they pay, how many people want one, and how long one is open.
-- domain: vacancies
-- kind: table
-- unit: vacancies
-- tables: [core_vacancy, core_vacancycandidate, core_city]
-- columns: [city_id, city_ru, city_kk, city_en, vacancy_type, active, candidates_per_vacancy, avg_salary_min,
--   avg_salary_max, avg_lifetime_seconds]
-- parameters: {cities: []}
SELECT
    city_id, city_ru, city_kk, city_en, vacancy_type, active, candidates_per_vacancy,
    avg_salary_min, avg_salary_max, avg_lifetime_seconds
FROM v_vacancy_market
WHERE empty({cities:Array(Int64)}) OR has({cities:Array(Int64)}, ifNull(city_id, 0))
ORDER BY active DESC, city_id, vacancy_type
