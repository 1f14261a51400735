-- Titles of everything that has one in several languages: the asked language, else Russian, Kazakh, English, else the id.
CREATE OR REPLACE VIEW v_titles AS
SELECT
    kind,
    id,
    arrayFirst(text -> text != '', [title['ru'], title['kk'], title['en'], toString(id)]) AS title_ru,
    arrayFirst(text -> text != '', [title['kk'], title['ru'], title['en'], toString(id)]) AS title_kk,
    arrayFirst(text -> text != '', [title['en'], title['ru'], title['kk'], toString(id)]) AS title_en
FROM (
$titled
)
