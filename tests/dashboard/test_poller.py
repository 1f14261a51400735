"""One reader for all: what it asks, and what viewers hear when ClickHouse is away or a query fails."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from dashboard.pages import PAGES
from dashboard.poller import CHANNELS, Poller, TooMany
from dashboard.reader import Rows
from dashboard.viewers import Viewer
from schemas.contract import load_contract
from sinks.catalogue import Query, load_catalogue
from sinks.clickhouse import ClickHouseError, SinkUnavailable
from sinks.parameters import Value

CATALOGUE = load_catalogue()


class Database:
    """Answers with nothing but a pulse; may be away, or fail or keep silent for one query."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.away = False
        self.failing = ""
        self.silent = ""

    async def rows(self, query: Query, values: Mapping[str, Value]) -> Rows:
        self.asked[query.name] += 1
        if self.away:
            raise SinkUnavailable("away")
        if query.name == self.failing:
            raise ClickHouseError("no such view")
        if query.name == self.silent:
            await asyncio.Event().wait()
        if query.name == "pulse":
            return [[table, 1, 0.5, False] for table in load_contract().tables]
        return []


async def heard(viewer: Viewer) -> dict[str, Any]:
    message = await viewer.next()
    assert message is not None
    found: dict[str, Any] = json.loads(message.removeprefix(b"data: "))
    return found


def test_what_nobody_watches_is_not_asked() -> None:
    async def run() -> None:
        database = Database()
        poller = Poller(database, CATALOGUE)
        await poller.tick()
        assert set(database.asked) <= {"pulse", "maintenance"}
        channel, viewer = poller.join("rooms", {})
        await poller.tick()
        await poller.finished()
        assert {card.query for card in PAGES["rooms"].cards} <= set(database.asked)
        before = dict(database.asked)
        poller.leave(channel, viewer)
        await poller.tick()
        assert {name for name in database.asked if database.asked[name] != before[name]} <= {"pulse", "maintenance"}

    asyncio.run(run())


def test_an_absent_clickhouse_is_told_and_its_return_too() -> None:
    async def run() -> None:
        database = Database()
        poller = Poller(database, CATALOGUE)
        _, viewer = poller.join("rooms", {})
        assert not poller.healthy(15)
        for away in (False, True, False):
            database.away = away
            await poller.tick()
            await poller.finished()
            poller._tell()
            assert poller.healthy(15) is not away
        told = [(await heard(viewer))["away"] for _ in range(4)]
        assert told == [False, False, True, False]

    asyncio.run(run())


def test_a_flag_that_cannot_be_read_hides_no_figure() -> None:
    async def run() -> None:
        database = Database()
        database.failing = "maintenance"
        poller = Poller(database, CATALOGUE)
        await poller.tick()
        assert database.asked["maintenance"] == 1
        assert poller.healthy(15) and poller.maintenance is None

    asyncio.run(run())


def test_a_query_that_fails_is_that_card_alone() -> None:
    async def run() -> None:
        database = Database()
        database.failing = "overlaps"
        poller = Poller(database, CATALOGUE)
        channel, viewer = poller.join("rooms", {})
        await poller.tick()
        await poller.finished()
        await heard(viewer)
        poller._tell()
        message = await heard(viewer)
        assert {name for name, card in message["cards"].items() if card["failed"]} == {"overlaps"}
        assert message["ages"]["overlaps"] is None and message["ages"]["rooms_now"] is not None
        assert not message["away"]
        assert len(channel.viewers) == 1

    asyncio.run(run())


def test_a_query_that_does_not_answer_holds_up_nothing_else() -> None:
    async def run() -> None:
        database = Database()
        database.silent = "booking_outcomes"
        poller = Poller(database, CATALOGUE)
        channel, viewer = poller.join("rooms", {})
        reading = asyncio.create_task(poller.run())
        others = {card.name for card in PAGES["rooms"].cards} - {"booking_outcomes", "room_utilisation"}
        seen: set[str] = set()
        async with asyncio.timeout(60):
            while not others <= seen:
                seen |= (await heard(viewer))["cards"].keys()
        assert "booking_outcomes" not in seen
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        poller.leave(channel, viewer)

    asyncio.run(run())


def test_who_watches_the_same_shares_and_different_filters_are_limited() -> None:
    async def run() -> None:
        poller = Poller(Database(), CATALOGUE)
        first, _ = poller.join("operations", {"services": "S001"})
        second, _ = poller.join("operations", {"services": "S001"})
        assert first is second
        for number in range(CHANNELS - 1):
            poller.join("operations", {"services": f"X{number}"})
        with pytest.raises(TooMany):
            poller.join("operations", {"services": "one too many"})

    asyncio.run(run())
