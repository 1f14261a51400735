-- Titles of services: the asked language, else Russian, Kazakh, English, else the code.
CREATE OR REPLACE VIEW v_service_titles AS
SELECT
    code AS service,
    arrayFirst(text -> text != '', [title['ru'], title['kk'], title['en'], code]) AS title_ru,
    arrayFirst(text -> text != '', [title['kk'], title['ru'], title['en'], code]) AS title_kk,
    arrayFirst(text -> text != '', [title['en'], title['ru'], title['kk'], code]) AS title_en
FROM service_service FINAL
