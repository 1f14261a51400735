"""Hours that have left memory are read again before a change of that time is folded, and stay until it is."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from schemas.rows import Partition, RowTable
from streams.agents.loading import load_back
from streams.dead_letters import DeadLetterLimit, DeadLetters
from streams.stored import Stored
from tests.streams.log import HOUR, LIFECYCLES, START, change, fold_of

PLAN = LIFECYCLES["service_servicerequest"]
LATE = change(PLAN, 3, "update", 1, 40, START + 1, status="sent")


def days() -> tuple[Stored, list[tuple[Any, ...]]]:
    """A fold whose first hour has left memory, with more to forget; and that hour's rows of `activity_1m`."""
    part = Stored(fold_of(PLAN), DeadLetters(DeadLetterLimit()))
    part.fold.fold([change(PLAN, 0, "create", 1, 10, START, status="draft")], 1)
    part.fold.fold([change(PLAN, 1, "create", 2, 20, START + 100 * HOUR, status="draft")], 2)
    staged = part.fold.take()
    (rows,) = (list(rows.values()) for table, rows in staged.first.items() if table.name == "activity_1m")
    part.fold.forget(2)
    part.fold.fold([change(PLAN, 2, "create", 3, 30, START + 200 * HOUR, status="draft")], 3)
    part.fold.take()
    assert part.fold.reaches_back([LATE])
    return part, [row for row in rows if row[0] < START // 1_000_000 + 3600]


class Sink:
    """Answers for `activity_1m`, then a flush becomes durable `flushes` times."""

    def __init__(self, part: Stored, rows: list[tuple[Any, ...]], flushes: int) -> None:
        self.part, self.rows, self.flushes = part, rows, flushes

    async def stored(
        self, table: RowTable, columns: Sequence[str], partitions: Collection[Partition], since: Any = None
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        if table.name == "activity_1m":
            yield list(zip(*[(self.part.fold.partition.topic, 0, *row) for row in self.rows], strict=True))
        elif self.flushes:
            self.flushes -= 1
            self.part.fold.forget(3)


def loaded(part: Stored, sink: Any) -> int:
    """Loads as the engine does; how often."""
    times = 0
    while part.fold.reaches_back([LATE]):
        asyncio.run(load_back(sink, part.fold.partition, part))
        times += 1
    return times


def test_a_late_change_is_added_to_what_its_minute_had() -> None:
    part, rows = days()
    assert loaded(part, Sink(part, rows, flushes=0)) == 1
    assert {row[:1] for row in rows} <= {key[:1] for key in part.fold.measures["activity_1m"].rows}


def test_what_is_forgotten_while_it_is_read_is_read_once_more() -> None:
    part, rows = days()
    assert loaded(part, Sink(part, rows, flushes=1)) == 2
    assert {row[:1] for row in rows} <= {key[:1] for key in part.fold.measures["activity_1m"].rows}
