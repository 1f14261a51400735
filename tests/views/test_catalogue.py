"""Every query of the catalogue runs on the engine, and gives the columns that its front matter names."""

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.settings import Settings
from sinks.answers import Answer, answer, ask
from sinks.asynchronous import ClickHouse
from sinks.catalogue import Column, Query, load_catalogue
from sinks.clickhouse import Client
from sinks.parameters import Value, bind
from tests.views.world import NOW

CATALOGUE = load_catalogue()
AT = datetime.fromtimestamp(NOW / 1_000_000, UTC)
TYPES = {
    "instant": r"DateTime.*",
    "day": r"Date32",
    "flag": r"Bool",
    "text": r"(String|Enum8.*|Array\(String\))",
    "id": r"(String|U?Int(8|16|32|64)|UUID)",
    "seconds": r"(U?Int|Float)\d+",
    "share": r"Float64",
    "tenge": r"(Float64|U?Int\d+|Decimal.*)",
}
FIGURE = r"(U?Int|Float)\d+"


@pytest.mark.parametrize("query", CATALOGUE.values(), ids=CATALOGUE)
def test_a_query_gives_the_columns_of_its_front_matter(everything: Client, server: Settings, query: Query) -> None:
    found = everything.query(query.sql, parameters=bind(query.parameters, {}, AT, server.zone))
    assert found.result_rows, "the story has nothing to show"
    assert list(found.column_names) == list(query.columns)
    for type_, (name, column) in zip(found.column_types, query.columns.items(), strict=True):
        assert fits(column, type_.name), f"{name} is {type_.name}, but its unit is {column.unit}"


def fits(column: Column, type_: str) -> bool:
    inner = re.sub(r"(LowCardinality|Nullable)\((.*)\)$", r"\2", re.sub(r"^LowCardinality\((.*)\)$", r"\1", type_))
    return re.fullmatch(TYPES.get(column.unit, FIGURE), inner) is not None


def test_a_parameter_narrows_and_its_default_is_all(everything: Client, server: Settings) -> None:
    query = CATALOGUE["requests_open"]

    def services(**values: list[str]) -> set[str]:
        return {row["service"] for row in ask(everything, query, server.zone, values, AT).records()}

    all_ = services()
    one = sorted(all_)[0]
    assert len(all_) > 1
    assert services(services=[one]) == {one}
    assert services(services=[]) == all_


def test_both_ways_to_ask_give_the_same(everything: Client, server: Settings) -> None:
    settings = server.model_copy(update={"clickhouse_database": everything.database})
    query = CATALOGUE["backlog"]

    async def asked() -> Answer:
        sink = await ClickHouse.open(settings)
        try:
            return await answer(sink, query, server.zone, {"waiting": ["staff"]}, AT)
        finally:
            await sink.close()

    found = asyncio.run(asked())
    assert found == ask(everything, query, server.zone, {"waiting": ["staff"]}, AT)
    assert found.rows
    assert all(row["oldest_since"].tzinfo is not None for row in found.records())


def records(client: Client, server: Settings, name: str, **values: Value) -> list[dict[str, Any]]:
    return ask(client, CATALOGUE[name], server.zone, values, AT).records()


def test_growth_is_the_difference_of_two_hours_and_unknown_before_capture(everything: Client, server: Settings) -> None:
    trend = records(everything, server, "backlog_trend_services")
    last = max(row["hour"] for row in trend)
    then = {row["service"]: row["requests"] for row in trend if row["hour"] == last - timedelta(hours=2)}
    now = {row["service"]: row["requests"] for row in trend if row["hour"] == last}
    found = {row["service"]: row["growth"] for row in records(everything, server, "backlog_growth", hours=2)}
    assert found == {name: now.get(name, 0) - then.get(name, 0) for name in found}
    assert set(now) | set(then) <= set(found) and len(set(found.values())) > 1
    assert {row["growth"] for row in records(everything, server, "backlog_growth", hours=168)} == {None}


def test_a_total_is_the_sum_of_its_parts(everything: Client, server: Settings) -> None:
    daily = records(everything, server, "funnel_daily")
    funnel = {row["milestone"]: row["requests"] for row in records(everything, server, "funnel")}
    assert funnel == {name: sum(row[name] for row in daily) for name in funnel}
    (total,) = records(everything, server, "backlog_total")
    waiting = Counter(row["waiting_on"] for row in records(everything, server, "requests_open", limit=10_000))
    assert (total["requests"], total["waiting_for_staff"]) == (waiting.total(), waiting["staff"])
