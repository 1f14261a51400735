"""State after an assignment: watermarks first, then mirror and entity rows, then issues and measures.

The order matters: a paused worker may still flush late, and whoever sees its entity rows must also see the measures
that were flushed before them.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from schemas.rows import DEAD_LETTERS, WATERMARKS, Partition, RowTable, Watermark
from schemas.settings import Settings
from sinks.clickhouse import ClickHouse, Sink
from streams.agents.exits import LimitReached
from streams.dead_letters import DeadLetterLimit, DeadLetters
from streams.fold import TableFold
from streams.plan import SWITCH, TopicPlan
from streams.quality import DQ_ISSUES
from streams.recall import Columns, highest, recall_entities, recall_mirror
from streams.stored import Stored

VERSIONED = ("_version", "_lsn", "_committed_at", "_deleted")


async def open_sink(settings: Settings) -> ClickHouse:
    """Raises `LimitReached` while some tables are of one derivation and some of another, and `SinkUnavailable`."""
    sink = await ClickHouse.open(settings)
    if await sink.has(SWITCH):
        raise LimitReached(
            "a rebuild was interrupted while it exchanged tables: run techhub-cdc rebuild again, it ends it"
        )
    return sink


async def load(
    sink: Sink, plans: Mapping[str, TopicPlan], partitions: Collection[Partition], limit: DeadLetterLimit
) -> dict[Partition, Stored]:
    """Raises `SinkUnavailable`; the caller tries again."""
    topics: dict[str, list[int]] = defaultdict(list)
    for partition in partitions:
        topics[partition.topic].append(partition.number)
    stored = {
        partition: Stored(TableFold(plans[partition.topic].table, partition), DeadLetters(limit))
        for partition in partitions
    }
    loads = [Topic(sink, plans[topic], sorted(numbers), stored) for topic, numbers in topics.items()]
    await watermarks(sink, stored)
    await asyncio.gather(*[part.entities() for part in loads])
    await asyncio.gather(issues(sink, stored), letters(sink, stored), *[part.measures() for part in loads])
    return stored


async def watermarks(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    for partition, rows in (await sink.newest(WATERMARKS, WATERMARKS.columns, stored)).items():
        part = stored[partition]
        for _, _, next_offset, lsn, committed_at, topic_id, partitions, source_id, fingerprint in rows:
            part.fold.position(Watermark(next_offset, lsn, committed_at))
            part.topic_id, part.partitions, part.known = topic_id, partitions, True
            part.source_id, part.fingerprint = source_id, fingerprint


async def issues(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    for partition, rows in (await sink.newest(DQ_ISSUES, DQ_ISSUES.columns, stored)).items():
        stored[partition].fold.load_issues(rows)


async def letters(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    for partition, rows in (await sink.newest(DEAD_LETTERS, ("offset",), stored)).items():
        stored[partition].dead_letters.load(offset for (offset,) in rows)


async def load_back(sink: Sink, plan: TopicPlan, partition: Partition, part: Stored) -> None:
    """Brings a partition's old hours and minutes back into memory; raises `SinkUnavailable`.

    A flush that becomes durable meanwhile may make the fold forget some of them: then the horizon stays, and the
    caller asks again.
    """
    horizon = part.fold.horizon
    await Topic(sink, plan, [partition.number], {partition: part}).timed_measures()
    if part.fold.horizon == horizon:
        part.fold.horizon = 0


@dataclass(slots=True)
class Topic:
    """Loads the partitions of one topic."""

    sink: Sink
    plan: TopicPlan
    numbers: list[int]
    stored: dict[Partition, Stored]

    async def blocks(self, table: RowTable, columns: tuple[str, ...], since: int = 0) -> AsyncIterator[Columns]:
        """The partition's number first."""
        async for block in self.sink.stored(table, columns, self.plan.topic, self.numbers, since):
            if block and block[0]:
                yield block

    @property
    def folds(self) -> dict[int, TableFold]:
        return {number: self.stored[Partition(self.plan.topic, number)].fold for number in self.numbers}

    async def entities(self) -> None:
        """The mirror first: entity rows share what they can with it."""
        table = self.plan.table
        names = tuple(column.name for column in table.table.columns)
        columns = (*table.table.key, *(names[index] for index in table.carried), *VERSIONED)
        folds = self.folds
        async for block in self.blocks(table.mirror, columns):
            recall_mirror(folds, block)
        if table.lifecycle is not None:
            entity = table.lifecycle.rows
            columns = (*entity.columns[: len(table.lifecycle.entity.__struct_fields__)], *VERSIONED)
            async for block in self.blocks(entity, columns):
                recall_entities(folds, block)
        for number, fold in folds.items():
            self.stored[Partition(self.plan.topic, number)].highest = highest(fold)

    async def measures(self) -> None:
        """Of hours and minutes only the recent ones, as far back as every partition of the topic needs."""
        since = min(fold.recent() for fold in self.folds.values()) // 1_000_000
        loads = [self.measure(m.table, since if m.timed else 0) for m in self.plan.table.measures()]
        await asyncio.gather(*loads)

    async def timed_measures(self) -> None:
        """All hours and minutes, for a change that reaches further back than memory."""
        await asyncio.gather(*[self.measure(m.table, 0) for m in self.plan.table.measures() if m.timed])

    async def measure(self, table: RowTable, since: int) -> None:
        measures = {number: fold.measures[table.name] for number, fold in self.folds.items()}
        async for numbers, *columns in self.blocks(table, table.columns, since):
            for number, rows in groupby(zip(numbers, *columns, strict=True), itemgetter(0)):
                measures[number].load(row[1:] for row in rows)
