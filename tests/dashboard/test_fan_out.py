"""Two hundred watch, fifty of them read nothing: the others get every figure, ClickHouse is asked once for all."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping

from benchmarks.crowd import ended, stall
from dashboard.app import POLLER
from dashboard.pages import PAGES
from dashboard.reader import Rows
from dashboard.viewers import QUEUE, Viewer
from ops.serve import address_of, guard_for, listen, page, started_on
from schemas.settings import load
from sinks.catalogue import Query
from sinks.parameters import Value
from tests.dashboard.site import watching
from tests.patience import SECONDS

READING, STALLED = 150, 50
ENOUGH = 14
"""Changes after which who reads nothing must have been noticed: what kernel, transport and queue hold."""
LARGE = 60_000


class Moving:
    """Every table moves with every pulse, every card changes with it."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def rows(self, query: Query, values: Mapping[str, Value]) -> Rows:
        self.asked[query.name] += 1
        if query.name == "pulse":
            tables = ("service_servicerequest", "service_service")
            return [[table, self.asked["pulse"], 0.5, False] for table in tables]
        if query.name == "requests_open":
            return [[self.asked[query.name], "x" * LARGE, *[None] * (len(query.columns) - 2)]]
        return []


def test_who_reads_gets_everything_and_who_does_not_is_cut() -> None:
    asyncio.run(two_hundred())


async def two_hundred() -> None:
    settings = load(_env_file=None, serve_port=0)
    reads = Moving()
    app = page(settings, guard_for(settings), reads)
    poller = app[POLLER]
    listening = listen(settings)
    runner = await started_on(app, listening)
    address = address_of(listening).rstrip("/")
    stalled = [stall(address) for _ in range(STALLED)]
    try:
        seen = await asyncio.gather(*(read(address) for _ in range(READING)))
        assert all(numbers == sorted(numbers) and len(numbers) >= ENOUGH for numbers in seen)
        await until(lambda: poller.watching == 0)
        assert all(ended(each, 20) for each in stalled)
        cards = len(PAGES["requests"].cards)
        assert sum(reads.asked.values()) <= (1 + cards) * (reads.asked["pulse"] + 1), "once for all viewers"
    finally:
        for each in stalled:
            each.close()
        await runner.cleanup()


async def read(address: str) -> list[int]:
    """Numbers of the changes that a viewer saw, until it has seen enough."""
    numbers: list[int] = []
    async with watching(address, "requests") as messages:
        async for message in messages:
            card = message["cards"].get("requests_open")
            numbers += [row[0] for row in card["rows"]] if card else []
            if len(numbers) >= ENOUGH:
                return numbers
    raise AssertionError("who reads was cut")


async def until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def test_a_queue_is_bounded_and_ends_the_viewer() -> None:
    async def run() -> None:
        viewer = Viewer()
        for _ in range(QUEUE):
            viewer.put(b"figures")
        assert not viewer.cut
        viewer.put(b"one too many")
        assert viewer.cut
        assert await viewer.next() is None, "what waited is dropped"

    asyncio.run(run())
