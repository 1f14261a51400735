"""SQL files are cut where ClickHouse would cut them."""

import pytest

from sinks.statements import SqlError, literal, literals, name, rendered, statements


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (" ; ;\n-- nothing; here\n/* nor; here */", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; SELECT 'it''s; \\'; fine'", ["SELECT ';'", "SELECT 'it''s; \\'; fine'"]),
        ('SELECT `a;``b` FROM "c;d"', ['SELECT `a;``b` FROM "c;d"']),
        (
            "-- first; comment\nSELECT 1 -- one; two 'three\n+ 2; SELECT 3",
            ["SELECT 1 -- one; two 'three\n+ 2", "SELECT 3"],
        ),
        ("SELECT /* ; ' */ 1; # it's a comment;\nSELECT 2", ["SELECT /* ; ' */ 1", "SELECT 2"]),
        ("SELECT $$a;b$$, 3 - -1; SELECT 4 / 2", ["SELECT $$a;b$$, 3 - -1", "SELECT 4 / 2"]),
    ],
)
def test_semicolons_in_strings_names_and_comments_end_nothing(sql: str, expected: list[str]) -> None:
    assert statements(sql) == expected


@pytest.mark.parametrize("sql", ["SELECT 'open", "SELECT 1;\nSELECT `open", "/* open"])
def test_what_is_never_closed_is_refused(sql: str) -> None:
    with pytest.raises(SqlError, match=rf"line {sql.count(chr(10)) + 1}: .* is never closed"):
        statements(sql)


def test_an_unknown_placeholder_is_named() -> None:
    with pytest.raises(SqlError, match="unknown placeholder \\$zone, expected one of now, timezone"):
        rendered("SELECT $zone", {"timezone": "", "now": ""})


def test_literals_and_names_are_quoted() -> None:
    assert literal("it's \\") == "'it\\'s \\\\'"
    assert literals(["a", "b"], "[]") == "['a', 'b']"
    assert name("a`b") == "`a\\`b`"
