"""State after an assignment: watermarks first, then what tables hold at all, then mirror and entity rows, then issues
and measures.

The order matters: a paused worker may still flush late, and whoever sees its entity rows must also see the measures
that were flushed before them.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from itertools import groupby
from operator import itemgetter

from schemas.rows import DEAD_LETTERS, WATERMARKS, Partition, RowTable, Watermark
from schemas.settings import Settings
from sinks.asynchronous import ClickHouse
from sinks.clickhouse import Sink
from streams.agents.exits import LimitReached
from streams.agents.restored import anew, claim, fallen_back, held
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
    stored = {
        partition: Stored(TableFold(plans[partition.topic].table, partition), DeadLetters(limit))
        for partition in partitions
    }
    await watermarks(sink, stored)
    # before the rows: those that arrive meanwhile, of a worker that replays, must not make up for what was not loaded
    restored = fallen_back(stored, await held(sink, stored))
    kept = {partition: part for partition, part in stored.items() if partition not in restored}
    await entities(sink, kept)
    await asyncio.gather(issues(sink, kept), letters(sink, kept), measures(sink, kept))
    claim(kept, await held(sink, kept))
    return kept | {partition: anew(stored[partition], tables, limit) for partition, tables in restored.items()}


async def watermarks(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    for partition, rows in (await sink.newest(WATERMARKS, WATERMARKS.columns, stored)).items():
        part = stored[partition]
        for _, _, next_offset, lsn, committed_at, topic_id, partitions, source_id, fingerprint, heights in rows:
            part.fold.position(Watermark(next_offset, lsn, committed_at, heights=heights))
            part.topic_id, part.partitions, part.known = topic_id, partitions, True
            part.source_id, part.fingerprint = source_id, fingerprint


async def issues(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    for partition, rows in (await sink.newest(DQ_ISSUES, DQ_ISSUES.columns, stored)).items():
        stored[partition].fold.load_issues(rows)


async def letters(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    for partition, rows in (await sink.newest(DEAD_LETTERS, ("offset",), stored)).items():
        stored[partition].dead_letters.load(offset for (offset,) in rows)


async def load_back(sink: Sink, partition: Partition, part: Stored) -> None:
    """Brings a partition's old hours and minutes back into memory; raises `SinkUnavailable`.

    A flush that becomes durable meanwhile may make the fold forget some of them: then the horizon stays, and the
    caller asks again.
    """
    horizon = part.fold.horizon
    timed = [rows.table for rows in part.fold.measures.values() if rows.timed]
    await asyncio.gather(*[measure(sink, table, {partition: part.fold}) for table in timed])
    if part.fold.horizon == horizon:
        part.fold.horizon = 0


async def entities(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    topics: dict[str, dict[Partition, Stored]] = defaultdict(dict)
    for partition, part in stored.items():
        topics[partition.topic][partition] = part
    await asyncio.gather(*[topic(sink, parts) for parts in topics.values()])


async def topic(sink: Sink, parts: Mapping[Partition, Stored]) -> None:
    """The mirror first: entity rows share what they can with it."""
    folds = {partition.number: part.fold for partition, part in parts.items()}
    table = next(iter(folds.values())).plan
    names = tuple(column.name for column in table.table.columns)
    columns = (*table.table.key, *(names[index] for index in table.carried), *VERSIONED)
    async for block in blocks(sink, table.mirror, columns, parts):
        recall_mirror(folds, block[1:])
    if table.lifecycle is not None:
        entity = table.lifecycle.rows
        columns = (*entity.columns[: len(table.lifecycle.entity.__struct_fields__)], *VERSIONED)
        async for block in blocks(sink, entity, columns, parts):
            recall_entities(folds, block[1:])
    for part in parts.values():
        part.highest = highest(part.fold)


async def measures(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
    """Each table once, for all partitions that have rows there; of hours and minutes only the recent ones, as far back
    as every partition of a topic needs."""
    tables: dict[str, dict[Partition, TableFold]] = defaultdict(dict)
    recent: dict[str, int] = {}
    for partition, part in stored.items():
        since = part.fold.recent() // 1_000_000
        recent[partition.topic] = min(since, recent.get(partition.topic, since))
        for name in part.fold.measures:
            tables[name][partition] = part.fold
    loads = []
    for name, folds in tables.items():
        rows = next(iter(folds.values())).measures[name]
        loads.append(measure(sink, rows.table, folds, recent if rows.timed else None))
    await asyncio.gather(*loads)


async def measure(
    sink: Sink, table: RowTable, folds: Mapping[Partition, TableFold], since: Mapping[str, int] | None = None
) -> None:
    found = {(p.topic, p.number): fold.measures[table.name] for p, fold in folds.items()}
    async for columns in blocks(sink, table, table.columns, folds, since):
        for owner, rows in groupby(zip(*columns, strict=True), itemgetter(0, 1)):
            if owner in found:
                found[owner].load(row[2:] for row in rows)


async def blocks(
    sink: Sink,
    table: RowTable,
    columns: tuple[str, ...],
    partitions: Collection[Partition],
    since: Mapping[str, int] | None = None,
) -> AsyncIterator[Columns]:
    """Topic and number first."""
    async for block in sink.stored(table, columns, partitions, since):
        if block and block[0]:
            yield block
