"""Every statement on the page about SQL runs, and agrees or disagrees with another one where the page says so."""

import re
from pathlib import Path
from typing import Any

import pytest

from sinks.clickhouse import Client

PAGE = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
STATEMENTS = re.findall(r"^```sql\n(?:-- (equals|differs): ([^\n]+)\n)?(.*?)^```", PAGE, re.M | re.S)


def rows(client: Client, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in client.query(sql).result_rows]


@pytest.mark.parametrize(("claim", "other", "sql"), STATEMENTS, ids=range(len(STATEMENTS)))
def test_a_statement_runs_and_its_claim_holds(everything: Client, claim: str, other: str, sql: str) -> None:
    found = rows(everything, sql)
    assert found or "now()" in sql
    if claim:
        assert (found == rows(everything, other)) is (claim == "equals")


def test_the_page_shows_the_right_way_and_the_wrong_one() -> None:
    assert PAGE.count("```sql\n") == len(STATEMENTS)
    assert {claim for claim, _, _ in STATEMENTS} == {"", "equals", "differs"}
