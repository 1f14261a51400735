"""The delivery, simulated: the real fold, loading and writer under crashes, cut inserts, lost answers, two and three
owners at once, rewinds of the relay, repeated snapshots, hours that leave memory. A seed decides everything; after
healing, all must be exact.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from schemas.contract import load_contract
from schemas.rows import DEAD_LETTERS, SEEN_UNTIL, WATERMARKS, Partition, RowTable
from schemas.settings import Settings
from sinks.writer import Writer
from streams import fold
from streams.agents import loading
from streams.agents.loading import watermark_row
from streams.dead_letters import DeadLetterLimit
from streams.fold import TableFold
from streams.measures import HOUR, hour_of, minute_of
from streams.plan import TopicPlan, plans
from streams.quality import DQ_ISSUES
from streams.requests import TERMINAL
from tests.simulation.model import ModelSink, VirtualLoop, World, history, relay

TABLE = "service_servicerequest"
PLAN: TopicPlan = plans(load_contract(), Settings())[f"techhub.public.{TABLE}"]
LIFECYCLE = PLAN.table.lifecycle
assert LIFECYCLE is not None
TABLES: dict[str, RowTable] = {
    table.name: table
    for table in (
        DEAD_LETTERS, SEEN_UNTIL, WATERMARKS, DQ_ISSUES, PLAN.table.mirror, LIFECYCLE.rows, LIFECYCLE.facts,
        *(measure.table for measure in PLAN.table.measures()),
    )
}  # fmt: skip
HEAL_STEPS = 20_000


class Worker:
    """Loads, reads on from the watermarks, folds ahead of its writer. Dies without a word."""

    def __init__(self, world: World, sink: ModelSink, rnd: random.Random, make_writer: Callable[..., Writer]) -> None:
        self.world, self.sink, self.rnd = world, sink, rnd
        self.stored: dict[Partition, loading.Stored] = {}
        self.waiting: set[Partition] = set()
        self.folds: dict[Partition, TableFold] = {}
        self.writer = make_writer(sink, self.stamp, self.flushed, 40)
        owned = list(world.partitions) if rnd.random() < 0.7 else [rnd.choice(world.partitions)]
        self.tasks = [asyncio.ensure_future(self.start(sink, owned)), asyncio.ensure_future(self.writer.run())]

    def stamp(self, partition: Partition, mark: Any) -> Any:
        return watermark_row(partition, mark, PLAN, "topic-id", "source")

    async def start(self, sink: ModelSink, owned: list[Partition]) -> None:
        stored = await loading.load(sink, {PLAN.topic: PLAN}, owned, DeadLetterLimit())
        self.stored = stored
        self.folds = {partition: part.fold for partition, part in stored.items()}

    def flushed(self, marks: Any) -> list[Any]:
        for partition, mark in marks.items():
            if partition in self.folds:
                self.folds[partition].forget(mark.next_offset)
        return []

    async def back(self, partition: Partition) -> None:
        """Loads old hours; the partition is not read meanwhile."""
        part = self.stored[partition]
        self.waiting.add(partition)
        await loading.load_back(self.sink, PLAN, partition, part)
        self.waiting.discard(partition)

    def step(self) -> None:
        """Reads a batch of some partition, as far as the writer has room."""
        for task in self.tasks:
            if task.done() and task.exception() is not None:
                raise task.exception() or AssertionError
        if not self.folds or self.writer.held > self.writer.limit:
            return
        partition, table = self.rnd.choice(list(self.folds.items()))
        log, start = self.world.logs[partition], table.next_offset
        batch = log[start : start + self.rnd.randint(1, 6)]
        if partition in self.waiting:
            return
        if table.reaches_back(batch):
            self.waiting.add(partition)
            self.tasks.append(asyncio.ensure_future(self.back(partition)))
        elif batch:
            table.fold(batch, batch[-1].offset + 1)
            self.writer.offer(partition, table)

    def kill(self) -> None:
        """What it has sent may still arrive at the sink."""
        for task in self.tasks:
            task.cancel()


def done(world: World, sink: ModelSink) -> bool:
    marks = {Partition(row[0], row[1]): row[2] for row in sink.rows[WATERMARKS.name].values()}
    return all(marks.get(partition, 0) == len(log) for partition, log in world.logs.items())


async def scenario(seed: int, make_writer: Callable[..., Writer], break_sink: Callable[[ModelSink], None]) -> None:
    rnd = random.Random(seed)
    fold.RETAINED = rnd.choice((HOUR // 4, 24 * HOUR))  # most hours leave memory, or none
    partitions = [Partition(PLAN.topic, number) for number in range(rnd.choice((1, 2)))]
    changes = history(rnd)
    logs, streamed = relay(changes, len(partitions), rnd)
    world = World(partitions, dict(zip(partitions, logs, strict=True)), changes, streamed)
    sink = ModelSink(TABLES, rnd)
    break_sink(sink)
    workers = [Worker(world, sink, rnd, make_writer)]
    for _ in range(rnd.randint(50, 400)):
        luck = rnd.random()
        if luck < 0.4:
            sink.step()
        elif luck < 0.9:
            rnd.choice(workers).step()
        elif luck < 0.93:
            dying = rnd.randrange(len(workers))
            workers[dying].kill()
            workers[dying] = Worker(world, sink, rnd, make_writer)
        elif luck < 0.96 and len(workers) < 3:
            workers.append(Worker(world, sink, rnd, make_writer))
        await asyncio.sleep(rnd.choice((0, 0, 0.05, 0.2)))
    await heal(world, sink, workers, rnd, make_writer)
    check(world, sink)


async def heal(
    world: World, sink: ModelSink, workers: list[Worker], rnd: random.Random, make_writer: Callable[..., Writer]
) -> None:
    """The sink works, some workers live on, and in the end one that owns everything."""
    sink.healthy = True
    for worker in workers[1:]:
        worker.kill()
    last: Worker | None = None
    for step in range(HEAL_STEPS):
        if step == 200:
            workers[0].kill()
            last = full_owner(world, sink, rnd, make_writer)
        for worker in workers[:1] if last is None else [last]:
            worker.step()
        sink.step()
        await asyncio.sleep(0.01)
        if last is not None and done(world, sink) and not sink.pending:
            break
    else:
        raise AssertionError("did not converge")
    assert last is not None
    last.kill()
    await asyncio.sleep(0)


def full_owner(world: World, sink: ModelSink, rnd: random.Random, make_writer: Callable[..., Writer]) -> Worker:
    class All(random.Random):
        def random(self) -> float:
            return 0.0

    worker = Worker(world, sink, All(rnd.randrange(1 << 30)), make_writer)
    worker.rnd = rnd
    return worker


def check(world: World, sink: ModelSink) -> None:
    """Against the committed changes, by code that shares nothing with the pipeline."""
    first = min(world.streamed, default=len(world.changes))
    state: dict[int, Any] = {}
    for change in world.changes[:first]:
        state[change.entity] = change if change.status is not None else None
    facts = Counter((e, "", c.status, "snapshot") for e, c in state.items() if c is not None)
    activity: Counter[Any] = Counter()
    flow: Counter[Any] = Counter()
    for change in world.changes[first:]:
        old = state.get(change.entity)
        before, after = old.status if old else "", change.status or "removed"
        activity[minute_of(change.at), change.operation] += 1
        if before != after and not (old is None and change.status is None):
            facts[change.entity, before, after, "stream"] += 1
            flow[
                hour_of(change.at),
                (old if old is not None and change.status is None else change).service,
                before,
                after,
            ] += 1
        state[change.entity] = change if change.status is not None else None
    alive = {entity: change for entity, change in state.items() if change is not None}
    backlog = Counter((c.service, c.status, c.assignee or 0) for c in alive.values() if c.status not in TERMINAL)

    rows = sink.rows
    assert facts == Counter((r[0], r[2], r[3], r[7]) for r in rows["request_transitions"].values()), "facts"
    requests = {r[0]: (r[1], r[4]) for r in rows["requests"].values() if not r[-1]}
    assert requests == {entity: (c.status, c.service) for entity, c in alive.items()}, "entity rows"
    mirror = {r[0]: (r[2], r[1], r[5]) for r in rows[TABLE].values() if not r[-1]}
    assert mirror == {entity: (c.status, c.service, c.assignee) for entity, c in alive.items()}, "mirror"
    assert total(rows["request_backlog"], 3) == backlog, "stock"
    without_assignee: Counter[Any] = Counter()
    for (service, status, _), number in backlog.items():
        without_assignee[service, status] += number
    hourly: Counter[Any] = Counter()
    for (_, service, status), number in total(rows["request_backlog_1h"], 3).items():
        hourly[service, status] += number
    assert Counter({key: number for key, number in hourly.items() if number}) == without_assignee, (
        "history of the stock"
    )
    assert total(rows["request_flow_1h"], 4) == flow, "flow"
    assert Counter({(k[0], k[3]): n for k, n in total(rows["activity_1m"], 4).items()}) == activity, "activity"
    odd = {str(entity) for entity, c in alive.items() if c.status == "odd"}
    assert odd == {r[2] for r in rows["dq_issues"].values() if r[0] == "unknown_status" and r[5] is None}, "issues"


def total(rows: dict[Any, Any], width: int) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for row in rows.values():
        found[row[:width]] += row[width]
    return Counter({key: number for key, number in found.items() if number})


def run(
    seed: int, make_writer: Callable[..., Writer] = Writer, break_sink: Callable[[ModelSink], None] = lambda sink: None
) -> None:
    """Raises AssertionError when the rows differ from the source."""
    loop = VirtualLoop()
    try:
        loop.run_until_complete(scenario(seed, make_writer, break_sink))
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    finally:
        loop.close()
