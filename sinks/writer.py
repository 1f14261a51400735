"""Group commit: one writer a worker process, three lanes, one order.

Flows in: folds that have staged rows. Flows out: one insert a touched table and flush, for all topics and partitions.

    lane 1  facts, measures, issues, dead letters   ->   lane 2  entity and mirror rows   ->   lane 3  watermarks

While a lane inserts, everything that arrives waits for its next flush. A lane does one flush at a time and hands it on
when every insert of it was acknowledged, so entity rows wait for the first lane of their own and of all earlier
flushes, and a watermark for everything before it; apart from that the lanes overlap. An insert is retried in place,
with backoff, for as long as it takes: rows carry versions, so a repeated or late insert is harmless.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Protocol

from schemas.rows import SEEN_UNTIL, WATERMARKS, Partition, Row, Rows, RowTable, Staged, Watermark
from sinks.clickhouse import Sink, SinkUnavailable
from sinks.meter import Meter

log = logging.getLogger("techhub.writer")

FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0

PAUSE: Final = 0.08
"""Seconds from the beginning of a lane's flush to that of its next. An insert costs the same CPU for one row as for a
hundred, and a first flush does not wait."""
WATERMARKS_PAUSE: Final = 0.5
"""At least, for the last lane: watermarks only matter to a restart and to the age that is shown."""
LONGEST_REST: Final = 0.25
"""A lane rests for as long as its flush took, so that a sink that is slow because it is busy gets fewer, larger inserts
and not more of them; but no longer than this."""


class Source(Protocol):
    """What the writer takes staged rows from: the fold of one partition."""

    staged: Staged

    def take(self) -> Staged: ...


Stamp = Callable[[Partition, Watermark], Row]
"""Makes the row of `watermarks`."""
Claims = Callable[[Mapping[Partition, Watermark]], Iterable[Row]]
"""Told what has become durable; answers with the rows of `seen_until` that are true by now."""


@dataclass(slots=True)
class Lane:
    """Flushes that wait for their turn."""

    waiting: list[Staged] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    busy: bool = False

    def put(self, staged: Iterable[Staged]) -> None:
        self.waiting.extend(staged)
        if self.waiting:
            self.ready.set()

    async def take(self) -> list[Staged]:
        await self.ready.wait()
        self.ready.clear()
        taken, self.waiting = self.waiting, []
        return taken


class Writer:
    """Invariant: a row is never sent before every row of the earlier phases below its version is acknowledged."""

    def __init__(self, sink: Sink, stamp: Stamp, claims: Claims, limit: int = 100_000, pause: float = PAUSE) -> None:
        self.sink = sink
        self.stamp = stamp
        self.claims = claims
        self.limit = limit
        self.pauses = (pause, pause, max(pause, WATERMARKS_PAUSE))
        self.meter = Meter()
        self.dirty: dict[Partition, Source] = {}
        self.lanes = (Lane(), Lane(), Lane())
        self.generation = 0
        self.in_lanes = 0
        self.space = asyncio.Event()
        self.unavailable_since: float | None = None
        self.flushes = 0

    # -- the agents' side ---------------------------------------------------------------------------------------------

    def offer(self, partition: Partition, source: Source) -> None:
        """Says that a fold has staged rows; they are taken when the first lane is free."""
        self.dirty[partition] = source
        self.lanes[0].ready.set()

    @property
    def held(self) -> int:
        """Changes that are folded and not yet below a watermark."""
        return self.in_lanes + sum(source.staged.events for source in self.dirty.values())

    async def room(self) -> None:
        """Backpressure: agents wait here, consumption pauses, nothing is dropped."""
        while self.held > self.limit:
            self.space.clear()
            await self.space.wait()

    def drop(self) -> None:
        """Forgets what is not sent yet, after an assignment was revoked: it will be read again, here or elsewhere."""
        self.generation += 1
        self.dirty.clear()
        for lane in self.lanes:
            lane.waiting.clear()
        self.in_lanes = 0
        self.space.set()

    async def drain(self, seconds: float) -> bool:
        """Waits until everything offered is durable; False if the time was too short."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.idle:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True

    @property
    def idle(self) -> bool:
        return not self.dirty and not any(lane.busy or lane.waiting for lane in self.lanes)

    # -- the lanes ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Runs until cancelled; an exception is a defect, and the process must end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.lane(0, self.write_first, self.lanes[1]))
            group.create_task(self.lane(1, self.write_second, self.lanes[2]))
            group.create_task(self.lane(2, self.write_watermarks, None))

    async def lane(
        self, number: int, write: Callable[[Sequence[Staged]], Awaitable[None]], following: Lane | None
    ) -> None:
        lane = self.lanes[number]
        while True:
            staged = await lane.take()
            if number == 0:
                staged = self.collect()
            if not staged:
                continue
            generation, lane.busy, began = self.generation, True, asyncio.get_running_loop().time()
            try:
                await write(staged)
            finally:
                lane.busy = False
            self.meter.flushed(number, staged, asyncio.get_running_loop().time() - began)
            if generation == self.generation:
                self.hand_on(staged, following)
            took = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(self.pauses[number] - took, min(took, LONGEST_REST)))

    def hand_on(self, staged: Sequence[Staged], following: Lane | None) -> None:
        if following is not None:
            following.put(staged)
        else:
            self.in_lanes -= sum(part.events for part in staged)
            self.space.set()

    def collect(self) -> list[Staged]:
        """Takes what all folds have staged: one flush."""
        staged = [source.take() for source in self.dirty.values()]
        self.dirty.clear()
        self.in_lanes += sum(part.events for part in staged)
        self.flushes += bool(staged)
        return staged

    async def write_first(self, staged: Sequence[Staged]) -> None:
        await self.write(part.first for part in staged)

    async def write_second(self, staged: Sequence[Staged]) -> None:
        await self.write(part.second for part in staged)

    async def write_watermarks(self, staged: Sequence[Staged]) -> None:
        marks = {part.partition: part.watermark for part in staged}
        rows = [self.stamp(partition, mark) for partition, mark in marks.items()]
        await self.insert(WATERMARKS, rows)
        if claims := list(self.claims(marks)):
            await self.insert(SEEN_UNTIL, claims)

    async def write(self, parts: Iterable[Rows]) -> None:
        """The inserts of one phase, in parallel."""
        tables: dict[str, tuple[RowTable, list[Iterable[Row]]]] = {}
        for rows in parts:
            for table, keyed in rows.items():
                if keyed:
                    tables.setdefault(table.name, (table, []))[1].append(keyed.values())
        async with asyncio.TaskGroup() as group:
            for table, chunks in tables.values():
                group.create_task(self.insert(table, list(chain.from_iterable(chunks))))

    async def insert(self, table: RowTable, rows: Sequence[Row]) -> None:
        """Returns when the rows are acknowledged, however long that takes."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        delay = FIRST_DELAY
        while True:
            try:
                with self.meter.insert(table.name, len(rows)):
                    await self.sink.insert(table.name, table.columns, columns)
            except SinkUnavailable as error:
                self.lost(error)
                await asyncio.sleep(delay)
                delay = min(2 * delay, LONGEST_DELAY)
            else:
                self.found()
                return

    def lost(self, error: SinkUnavailable) -> None:
        if self.unavailable_since is None:
            self.unavailable_since = asyncio.get_running_loop().time()
            log.warning("ClickHouse does not take rows, trying again until it does: %s", error)

    def found(self) -> None:
        if self.unavailable_since is not None:
            away = asyncio.get_running_loop().time() - self.unavailable_since
            self.unavailable_since = None
            log.warning("ClickHouse takes rows again after %.1f s, nothing was lost", away)
