"""Worker processes and the group they are in: the real engine, over a model of its consumer.

A worker that is paused stands still, with what it has read and not written; one that is cut off goes on, and neither
hears of a rebalance. A batch that was fetched stays in the worker's buffer over seeks and rebalances.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from connectors.errors import Unreachable
from connectors.topics import Identity
from schemas.rows import Partition
from schemas.settings import Settings
from sinks.clickhouse import Sink
from streams.agents.engine import Engine
from streams.freshness import Beat, Proof
from streams.plan import TopicPlan
from tests.simulation.sink import Link, ModelSink
from tests.simulation.source import Heart, Record, Relay

PARTITIONS: Final = 4
"""Of the topic by the contract; a scenario has records in some of them."""
LIMIT: Final = 10
"""Changes that a writer holds before its agents wait."""


@cache
def settings(slot: int) -> Settings:
    return Settings(worker_id=f"worker-{slot}")


@dataclass(slots=True)
class Pulse:
    """The scenario gives the heartbeats."""

    deliver: Callable[[Beat], None]
    proof: Proof = field(default_factory=Proof)
    stopped: bool = False

    newest: Heart | None = None

    def beat(self, heart: Heart) -> None:
        """One that came through."""
        self.newest = heart
        self.proof.follow(heart.place, heart.at)
        self.deliver(Beat(heart.at, heart.place, "source", {}))

    def position(self, place: int, at: int, ends: Mapping[Partition, int]) -> None:
        """One that was stored, and the ends of the log when it was read."""
        if self.newest is not None and (proven_at := self.proof.stored(place, place, at)):
            self.deliver(Beat(self.newest.at, self.newest.place, "source", ends, proven_at))

    def stop(self) -> None:
        self.stopped = True


class ModelConsumer:
    """Kafka as one worker sees it. A position that the log no longer holds is reset in silence, as Kafka does it."""

    def __init__(self, kafka: "Kafka", owned: Collection[Partition]) -> None:
        self.kafka = kafka
        self.owned = set(owned)
        self.paused: set[Partition] = set()
        self.positions = dict.fromkeys(owned, 0)
        self.buffer: list[tuple[Partition, list[Record]]] = []

    def assignment(self) -> set[Partition]:
        return set(self.owned)

    def pause(self, partitions: Collection[Partition]) -> None:
        self.paused |= set(partitions)

    def resume(self, partitions: Collection[Partition]) -> None:
        self.paused -= set(partitions)

    async def seek(self, positions: Mapping[Partition, int]) -> None:
        await asyncio.sleep(0)
        self.positions |= {partition: offset for partition, offset in positions.items() if partition in self.owned}

    async def first(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return {p: self.kafka.relay.begins[p] for p in await self.reached(partitions)}

    async def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return {p: len(self.kafka.relay.logs[p]) for p in await self.reached(partitions)}

    async def identities(self, names: Collection[str]) -> Mapping[str, Identity]:
        return dict.fromkeys(await self.reached(names), Identity("topic-id", PARTITIONS))

    async def reached(self, asked: Collection[Any]) -> Collection[Any]:
        await asyncio.sleep(0)
        if self.kafka.down:
            raise Unreachable("the broker is away")
        return asked

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        pass

    def member_name(self) -> str:
        return ""

    def assign(self, owned: Collection[Partition]) -> None:
        self.owned = set(owned)
        self.paused &= self.owned
        self.positions = {partition: self.positions.get(partition, 0) for partition in sorted(owned)}

    def fetch(self, draw: int) -> bool:
        """Reads a batch ahead, of some partition."""
        readable = [p for p in self.positions if p not in self.paused]
        if not readable or self.kafka.down or len(self.buffer) > 6:
            return False
        draw, index = divmod(draw, len(readable))
        partition = readable[index]
        start = max(self.positions[partition], self.kafka.relay.begins[partition])
        found = self.kafka.relay.logs[partition][start : start + 1 + draw % 6]
        if found:
            self.positions[partition] = found[-1].offset + 1
            self.buffer.append((partition, found))
        return bool(found)


@dataclass(slots=True)
class Kafka:
    relay: Relay
    down: bool = False


class Worker:
    """One process. It dies without a word; what it has sent may still arrive."""

    def __init__(
        self, slot: int, kafka: Kafka, sink: ModelSink, plan: TopicPlan, make_writer: Any, owned: Collection[Partition]
    ) -> None:
        self.slot = slot
        self.link = Link(sink)
        self.consumer = ModelConsumer(kafka, owned)
        self.cut_off = False
        self.pulse: Pulse | None = None
        self.tasks: set[asyncio.Task[Any]] = set()
        self.feeding: asyncio.Task[Any] | None = None
        self.engine = Engine(
            settings(slot),
            {plan.topic: plan},
            open_sink=self.open,
            make_pulse=self.beating,
            make_writer=lambda sink, stamp, claims, *_: make_writer(sink, stamp, claims, LIMIT),
        )
        self.spawn(self.engine.assigned(self.consumer))

    async def open(self, settings: Settings) -> Link:
        return self.link

    async def beating(
        self, sink: Sink, settings: Settings, partitions: Any, deliver: Callable[[Beat], None], looked: Any
    ) -> Pulse:
        self.pulse = Pulse(deliver)
        return self.pulse

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.ended)
        return task

    def ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is None:
            self.tasks.discard(task)

    def check(self) -> None:
        """What the agent runs must not fail; background tasks of the engine tell by how they leave."""
        for task in list(self.tasks):
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise AssertionError(f"a worker ended: {error!r}") from error

    @property
    def reachable(self) -> bool:
        return not self.link.paused and not self.cut_off

    def rebalance(self, owned: Collection[Partition]) -> None:
        self.engine.drop()
        self.consumer.assign(owned)
        self.spawn(self.engine.assigned(self.consumer))

    def deliver(self) -> bool:
        """The agent gets the oldest batch, one at a time."""
        if self.link.paused or not self.consumer.buffer or (self.feeding is not None and not self.feeding.done()):
            return False
        partition, records = self.consumer.buffer.pop(0)
        self.feeding = self.spawn(self.engine.feed(partition.topic, partition.number, records))
        return True

    def kill(self) -> None:
        for task in [*self.tasks, *self.engine.background.tasks]:
            task.cancel()
        self.link.dead, self.link.paused = True, False
        self.link.outbox.clear()
