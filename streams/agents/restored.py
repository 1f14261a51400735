"""Was a table restored to an older state than the watermark? Then the log is read again, from its beginning.

Flows in: what the watermark claims that each table holds (`heights`), and what they hold. A restore of everything
together needs no care: the watermark is as old as the rows, or older, and rows above it are recognised by their
versions. Tables that are older than the watermark would never be seen by reading on. Until a reconciliation has found
them exact, they are in RESYNC_REQUIRED: what was claimed of them before is not so.

That the highest version is there says that all before it are: rows come in the order of the log, and ClickHouse applies
an insert of one block whole.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from schemas.rows import Partition, Watermark
from sinks.clickhouse import Sink
from streams.dead_letters import DeadLetterLimit, DeadLetters
from streams.fold import TableFold
from streams.stored import Stored

Heights = Mapping[tuple[Partition, str], int]


async def held(sink: Sink, stored: Mapping[Partition, Stored]) -> Heights:
    """The highest version that each table holds of each partition. Raises `SinkUnavailable`."""
    tables = {table for part in stored.values() for table in part.fold.plan.versioned}
    return await sink.highest(tables, {partition.topic for partition in stored}) if stored else {}


def fallen_back(stored: Mapping[Partition, Stored], heights: Heights) -> dict[Partition, list[str]]:
    """Tables that hold less of a partition than its watermark claims."""
    found: dict[Partition, list[str]] = defaultdict(list)
    for partition, part in stored.items():
        for table, height in part.fold.heights.items():
            if heights.get((partition, table), 0) < height:
                found[partition].append(table)
    return found


def claim(stored: Mapping[Partition, Stored], heights: Heights) -> None:
    """Rows of a flush that was cut before its watermark are not written again: the next watermark claims them, too."""
    for partition, part in stored.items():
        for table in part.fold.plan.versioned:
            if height := heights.get((partition, table), 0):
                part.fold.heights[table] = max(height, part.fold.heights.get(table, 0))


def anew(part: Stored, tables: Collection[str], limit: DeadLetterLimit) -> Stored:
    """The log is read from its beginning, into nothing: rows are functions of the log, so the same ones come again.

    To read on from where the restored table ends would not do: an entity row hides the facts that another table lacks.
    """
    partition = part.fold.partition
    reason = (
        f"{partition}: {', '.join(sorted(tables))} hold less than was written, were they restored? "
        "the log is read from its beginning"
    )
    fold = TableFold(part.fold.plan, partition)
    fold.position(Watermark(0))
    return replace(part, fold=fold, dead_letters=DeadLetters(limit), restored=reason)
