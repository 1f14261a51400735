"""Every view shows what an independent computation of the same history shows."""

from typing import Any

import pytest

from sinks.clickhouse import Client
from tests.views.conftest import Opened
from tests.views.oracle import VIEWS
from tests.views.world import World, random_world

SEEDS = range(4)


@pytest.fixture(scope="module", params=SEEDS)
def told(request: pytest.FixtureRequest, opened: Opened) -> tuple[Client, World]:
    world = random_world(request.param)
    return opened(world, request.param), world


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_what_happened(told: tuple[Client, World], view: str) -> None:
    client, world = told
    columns, expected = VIEWS[view]
    assert_same(shown(client, view, columns), list(expected(world)))


def shown(client: Client, view: str, columns: str) -> list[tuple[Any, ...]]:
    names = ", ".join(f"`{name}`" for name in columns.split())
    integers = {"DateTime64*": "int", "DateTime*": "int"}
    return [tuple(row) for row in client.query(f"SELECT {names} FROM {view}", query_formats=integers).result_rows]


def assert_same(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> None:
    """The same rows in any order; shares and averages may differ in the last bits."""
    assert len(set(found)) == len(found), "a row is shown twice"
    found, expected = sorted(found, key=exact), sorted(expected, key=exact)
    assert [exact(row) for row in found] == [exact(row) for row in expected]
    assert [floats(row) for row in found] == [pytest.approx(floats(row), rel=1e-9) for row in expected]


def floats(row: tuple[Any, ...]) -> list[float]:
    return [value for value in row if isinstance(value, float)]


def exact(row: tuple[Any, ...]) -> str:
    return str(["float" if isinstance(value, float) else value for value in row])
