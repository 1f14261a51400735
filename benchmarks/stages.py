"""Where the engine's CPU goes, without Kafka and ClickHouse: `python -m benchmarks.stages`.

The changes of `bench engine` in four partitions, in batches and flushes of the size that a worker has which catches up.
Compare runs of one hour on one machine only.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from benchmarks.changes import changes
from benchmarks.engine import PARTITIONS, TABLE
from schemas.contract import load_contract
from schemas.rows import Partition
from schemas.settings import load
from streams.dead_letters import DeadLetterLimit, DeadLetters
from streams.fold import TableFold
from streams.intake import fold, read
from streams.plan import TopicPlan, plans
from streams.stored import Stored

BATCH: Final = 500
"""Records of a partition that are folded at once."""
BATCHES_A_FLUSH: Final = 4


@dataclass(slots=True)
class Line:
    """A record as Kafka gives it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0


def logs(count: int) -> list[list[Line]]:
    """By partition; a request stays in one."""
    found: list[list[Line]] = [[] for _ in range(PARTITIONS)]
    for key, value in changes(count):
        log = found[sum(key) % PARTITIONS]
        log.append(Line(len(log), key, value))
    return found


class Stages:
    """The partitions of one worker, and the seconds of each stage."""

    def __init__(self, plan: TopicPlan) -> None:
        self.plan = plan
        self.parts = [
            Stored(TableFold(plan.table, Partition(plan.topic, number)), DeadLetters(DeadLetterLimit()))
            for number in range(PARTITIONS)
        ]
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.rows = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - began

    def run(self, logs: Sequence[Sequence[Line]]) -> None:
        ends = range(BATCH, max(map(len, logs)) + BATCH, BATCH)
        for number, end in enumerate(ends, start=1):
            for part, log in zip(self.parts, logs, strict=True):
                if records := log[end - BATCH : end]:
                    self.batch(part, records)
            if number % BATCHES_A_FLUSH == 0 or end == ends[-1]:
                self.flush()

    def batch(self, part: Stored, records: Sequence[Line]) -> None:
        with self.stage("decode"):
            batch = read(self.plan, records)
        with self.stage("fold"):
            outcome = fold(part, self.plan, batch)
        if batch.letters or outcome.exceeded:
            raise RuntimeError(f"expected changes that can be read, got {batch.letters[:1]}")

    def flush(self) -> None:
        for part in self.parts:
            with self.stage("take"):
                staged = part.fold.take()
            for keyed in (*staged.first.values(), *staged.second.values()):
                with self.stage("columns"):
                    list(zip(*keyed.values(), strict=True))
                self.rows += len(keyed)


def main(count: int) -> None:
    settings = load()
    plan = next(p for p in plans(load_contract(settings.contract), settings).values() if p.name == TABLE)
    stages = Stages(plan)
    stages.run(logs(count))
    grid = Grid("stage", "us_per_change", box=None)
    for name, seconds in stages.seconds.items():
        grid.add_row(name, f"{1e6 * seconds / count:.2f}")
    grid.add_row("all", f"{1e6 * sum(stages.seconds.values()) / count:.2f}")
    console = Console(highlight=False)
    console.print(grid)
    console.print(f"{count:,} changes, {stages.rows / count:.1f} rows a change")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
