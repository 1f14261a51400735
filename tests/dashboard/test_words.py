"""The page's own words: in three languages, each of them used, each that a script uses there."""

import re
from pathlib import Path

import pytest

import dashboard
from dashboard.address import LANGUAGES
from dashboard.labels import Labels, LabelsError, load_labels
from dashboard.pages import PAGES
from dashboard.shell import Shell, load_words
from schemas.lifecycles import load_lifecycles
from sinks.catalogue import load_catalogue

HERE = Path(dashboard.__file__).parent
WORDS = load_words()
SCRIPTS = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("static/*.js")))
MADE = {"value", "page", "card", "empty", "age", "period", "filter", "theme", "unit", "login"}
"""First parts of keys that are put together."""


@pytest.mark.parametrize("key", WORDS)
def test_a_word_is_there_in_each_language(key: str) -> None:
    assert set(WORDS[key]) == set(LANGUAGES)
    assert all(isinstance(text, str) and text.strip() for text in WORDS[key].values())
    holes = {tuple(sorted(re.findall(r"{\w+}", text))) for text in WORDS[key].values()}
    assert len(holes) == 1, "a language forgets a value"


def test_every_word_that_a_script_says_is_there_and_none_is_idle() -> None:
    said = set(re.findall(r'word\("([\w.]+)"', SCRIPTS))
    assert said <= WORDS.keys()
    idle = {key for key in WORDS.keys() - said if key.split(".")[0] not in MADE and f'"{key}"' not in SCRIPTS}
    assert idle <= {"months", "noscript"}


def test_every_page_every_status_and_every_card_of_its_own_name_has_words() -> None:
    assert {f"page.{page}" for page in PAGES} <= WORDS.keys()
    statuses = {status for lifecycle in load_lifecycles().values() for status in lifecycle.statuses}
    assert {f"value.{status}" for status in statuses - {"blocked"}} <= WORDS.keys()
    own = {f"card.{card.name}" for page in PAGES.values() for card in page.cards if card.name != card.query}
    assert own <= WORDS.keys()


def test_every_card_is_of_the_catalogue_has_a_shape_and_its_names_are_its_own() -> None:
    catalogue = load_catalogue()
    shapes = set(re.search(r"SHAPES = {([^}]*)}", SCRIPTS)[1].replace(" ", "").split(","))  # type: ignore[index]
    for page in PAGES.values():
        names = [card.name for card in page.cards]
        assert len(set(names)) == len(names)
        for card in page.cards:
            query = catalogue[card.query]
            assert card.shape in shapes | {"hidden"}
            assert {*card.without} <= query.columns.keys() and card.values.keys() <= query.parameters.keys()


def test_captured_names_of_rooms_are_not_in_what_leaves_the_server() -> None:
    catalogue = load_catalogue()
    for page in PAGES.values():
        for card in page.cards:
            columns = list(catalogue[card.query].columns)
            assert "room" not in {columns[place] for place in card.shown(columns)}


def test_a_document_can_hold_any_label(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("people: {7: '</script><script>alert(1)</script>'}", encoding="utf-8")
    shell = Shell(load_catalogue(), load_lifecycles(), zone="Asia/Almaty", admin_url=None)
    text = shell.document("rooms", "ru", "auto", load_labels(tmp_path / "labels"))
    assert "alert(1)" in text and text.count("<script") == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("people: [1, 2]", "people: expected people, rooms, companies"),
        ("cats: {1: Tom}", "cats: expected"),
        ("people: {x: Tom}", "people.x"),
        ("{", "expected YAML"),
        ("people: {1: '" + "x" * 1_000_001 + "'}", "expected at most 1,000,000 bytes"),
    ],
)
def test_a_label_file_that_does_not_fit_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "labels.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(LabelsError, match=complaint) as error:
        load_labels(tmp_path / "labels.yaml")
    assert "labels.yaml" in str(error.value) and "Tom" not in str(error.value)


def test_labels_are_none_when_nothing_is_set_and_numbers_are_texts(tmp_path: Path) -> None:
    assert load_labels(None) == Labels()
    (tmp_path / "labels").write_text("rooms: {1: 101}", encoding="utf-8")
    assert load_labels(tmp_path / "labels").rooms == {1: "101"}
