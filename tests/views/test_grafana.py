"""Every statement of the generated dashboards runs on the engine, as Grafana sends it, and finds rows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.grafana.__main__ import GENERATED
from sinks.clickhouse import Client
from tests.grafana import interpolated
from tests.views.world import NOW

END = datetime.fromtimestamp(NOW / 1_000_000, UTC)
BEGIN = END - timedelta(days=30)
FILES = sorted(GENERATED.glob("*.json"))
BY_THE_CLOCK = "now()"
"""Such a statement finds what is now, and the story is of a day that may be long ago."""
Statement = tuple[str, str, tuple[str, ...]]


def statements(board: dict[str, Any]) -> Iterator[Statement]:
    """Where it stands, its SQL, and the columns that something refers to."""
    for panel in (panel for panel in board["panels"] if panel["type"] != "row"):
        assert len(panel["targets"]) == 1
        fields = tuple(
            each["matcher"]["options"].removeprefix("/^").removesuffix("( |$)/")
            for each in panel["fieldConfig"]["overrides"]
        )
        yield panel["title"], panel["targets"][0]["rawSql"], fields
    for variable in board.get("templating", {}).get("list", ()):
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["rawSql"], ("value", "text")
    for each in board["annotations"]["list"]:
        yield f"annotation {each['name']}", each["target"]["rawSql"], ("time", "text", "tags")


def defaults(board: dict[str, Any]) -> dict[str, str]:
    """What the dashboard opens with."""
    listed = board.get("templating", {}).get("list", ())
    return {each["name"]: each["allValue"] if each["includeAll"] else each["current"]["value"] for each in listed}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_statement_runs_and_has_the_columns_that_its_panel_names(everything: Client, path: Any) -> None:
    board = json.loads(path.read_text(encoding="utf-8"))
    for place, sql, fields in statements(board):
        asked = interpolated(sql, defaults(board), BEGIN, END)
        found = everything.query(asked)
        assert found.result_rows or BY_THE_CLOCK in asked, f"{place}: no rows: {asked}"
        assert not found.result_rows or set(fields) <= set(found.column_names), f"{place}: {fields}"


def panel(board: str, title: str) -> str:
    found = json.loads((GENERATED / f"{board}.json").read_text(encoding="utf-8"))["panels"]
    sql: str = next(each["targets"][0]["rawSql"] for each in found if each["title"] == title)
    return sql


def test_a_variable_narrows_and_all_is_all(everything: Client) -> None:
    sql = panel("techhub-operations", "Open requests")

    def services(chosen: str | list[str]) -> set[str]:
        asked = interpolated(sql, {"service": chosen}, BEGIN, END)
        return {row["service"] for row in everything.query(asked).named_results()}

    every = services("/* all */")
    one, two = sorted(every)[:2]
    assert len(every) > 2
    assert services([one]) == {one}
    assert services([one, two]) == {one, two}
    assert services(["x') OR 1 = 1 --"]) == set()


def test_a_room_is_chosen_by_its_id(everything: Client) -> None:
    sql = panel("techhub-rooms", "Rooms now")
    room = everything.query("SELECT min(room_id) FROM v_rooms_now").result_rows[0][0]
    asked = interpolated(sql, {"room": [str(room)]}, BEGIN, END)
    assert [row["room_id"] for row in everything.query(asked).named_results()] == [room]


def test_the_period_is_the_length_of_a_step(everything: Client) -> None:
    sql = panel("techhub-pipeline", "Changes per minute")
    asked = interpolated(sql, {"period": "86400"}, BEGIN, END)
    assert {at.second + 60 * at.minute + 3600 * at.hour for at, *_ in everything.query(asked).result_rows} == {0}
