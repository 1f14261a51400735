"""Was a table restored to an older state than the watermark? Then the log is read again, from its beginning.

Flows in: what ClickHouse claims to hold (`heights`) and what it holds. A restore of everything together needs no care:
the watermark is as old as the rows, or older, and rows above it are recognised by their versions. A table that alone is
older would never be seen by reading on.
"""

import logging
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from schemas.rows import Partition, Watermark
from sinks.clickhouse import Sink
from streams.dead_letters import DeadLetterLimit, DeadLetters
from streams.fold import TableFold
from streams.plan import TopicPlan
from streams.stored import Stored

log = logging.getLogger("techhub.restored")


async def fallen_back(sink: Sink, partitions: Collection[Partition]) -> dict[Partition, list[str]]:
    """Tables that hold less of a partition than was claimed; the claims are read first. Raises `SinkUnavailable`."""
    topics = {partition.topic for partition in partitions}
    claims = await sink.claimed(topics)
    held = await sink.highest({table for _, table in claims}, topics)
    found: dict[Partition, list[str]] = defaultdict(list)
    for (partition, table), height in claims.items():
        if partition in partitions and held.get((partition, table), 0) < height:
            found[partition].append(table)
    return found


def anew(part: Stored, plan: TopicPlan, tables: Collection[str], limit: DeadLetterLimit) -> Stored:
    """The log is read from its beginning, into nothing: rows are functions of the log, so the same ones come again.

    To read on from where the restored table ends would not do: an entity row hides the facts that another table lacks.
    """
    partition = part.fold.partition
    log.warning(
        "%s: %s hold less than was written, were they restored? the log is read from its beginning",
        partition, ", ".join(sorted(tables)),
    )  # fmt: skip
    fold = TableFold(plan.table, partition)
    fold.position(Watermark(0))
    return replace(part, fold=fold, dead_letters=DeadLetters(limit))
