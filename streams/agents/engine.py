"""The engine of a worker: from Faust's batches to the writer, by the watermarks in ClickHouse.

    assigned   a new epoch: drop what is pending, pause, load state, check the log's bounds, seek, resume
    feed       a batch from an agent: contiguous from the watermark or not at all; decode, fold, offer to the writer
    beat       a heartbeat: claim freshness for what is durable

What may be read and folded is decided in `streams/reading.py`, what a record becomes in `streams/intake.py`; here are
the awaits between, and after each the epoch is checked.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from connectors.errors import Unreachable
from connectors.topics import Identity
from schemas.rows import WATERMARKS, Partition, Row, Watermark
from schemas.settings import Settings
from sinks.clickhouse import Sink, SinkUnavailable
from sinks.meter import Meter, oldest_commit
from sinks.writer import Writer
from streams import intake
from streams.agents.assignment import Assignment, Contention
from streams.agents.consumer import Consumer
from streams.agents.exits import Background, LimitReached
from streams.agents.heartbeats import Heartbeats
from streams.agents.journal import START, Journal
from streams.agents.loading import load_back, open_sink
from streams.agents.pulse import start_pulse
from streams.continuity import MEND
from streams.freshness import Beat
from streams.plan import TopicPlan
from streams.reading import After, Gap, Reading
from streams.resync import RESYNC_REQUIRED, STARTING_OVER, another_topic, resync_row
from streams.stored import Stored, watermark_row

log = logging.getLogger("techhub.engine")

INLINE_SECONDS: Final = 3.0
"""`seek_to_committed` may not take longer, or Faust's recovery ends without an error and never consumes again."""
SLICE: Final = 500
"""Records folded before other tasks get their turn."""
COMMIT_SECONDS: Final = 1.0


class Stoppable(Protocol):
    def stop(self) -> None: ...


class Engine:
    """`plans` by topic; `histories` make history facts. The rest is what the simulation replaces or bends."""

    def __init__(
        self, settings: Settings, plans: Mapping[str, TopicPlan], histories: Sequence[str] = (), *,
        open_sink: Callable[[Settings], Awaitable[Sink]] = open_sink,
        make_writer: Callable[..., Writer] = Writer,
        make_pulse: Callable[..., Awaitable[Stoppable]] = start_pulse,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.plans = plans
        self.open_sink, self.make_writer, self.make_pulse = open_sink, make_writer, make_pulse
        self.background = Background()
        self.meter = Meter()
        self.reading = Reading()
        self.assignment = Assignment(settings, plans, self.open)
        self.contention = Contention(settings.worker_id)
        self.heartbeats = Heartbeats(settings, self.background, plans, histories, self.require_resync)
        self.opening = asyncio.Lock()
        self.consumer: Consumer | None = None
        self.sink: Sink | None = None
        self.writer: Writer | None = None
        self.pulse: Stoppable | None = None
        self.journal: Journal | None = None
        self.committed = 0.0
        self.stopping = False

    async def open(self) -> Sink:
        """ClickHouse, the writer's lanes and the pulse, once."""
        async with self.opening:
            if self.sink is None:
                sink = await self.open_sink(self.settings)
                limit, pause = self.settings.writer_limit, self.settings.flush_seconds
                self.writer = self.make_writer(sink, self.stamp, self.flushed, limit, pause)
                self.writer.meter = self.meter
                self.journal = Journal(sink, self.settings.worker_id)
                self.pulse = await self.make_pulse(
                    sink, self.settings, lambda: list(self.reading.next), self.beat, self.looked
                )
                self.sink = sink
                self.background.spawn(self.writer.run())
                self.background.spawn(self.journal.write(START, f"{len(self.plans)} tables"))
            return self.sink

    # -- assignment ---------------------------------------------------------------------------------------------------

    async def revoked(self, *_: Any, **__: Any) -> None:
        self.drop()

    def drop(self) -> None:
        self.reading.drop()
        self.meter.dropped()
        self.heartbeats.reset({})
        if self.writer is not None:
            self.writer.drop()

    async def assigned(self, consumer: Consumer) -> None:
        """Called at each assignment, before records flow. Never blocks the rebalance for long."""
        self.drop()
        self.consumer = consumer
        owned = sorted(partition for partition in consumer.assignment() if partition.topic in self.plans)
        self.reading.assigned = frozenset(owned)
        self.meter.assignments.inc()
        consumer.pause(owned)
        task = self.background.spawn(self.locate(consumer, owned, self.reading.epoch))
        await asyncio.wait({task}, timeout=INLINE_SECONDS)

    async def check_contention(self) -> None:
        """The worker that was started last gives way."""
        name = self.consumer.member_name() if self.consumer is not None else ""
        reason = self.contention.look(name, asyncio.get_running_loop().time())
        if reason is None or self.journal is None:
            return
        if await self.journal.followed():
            log.error("%s; the one that was started last gives way", reason)
        else:
            raise LimitReached(reason)

    async def locate(self, consumer: Consumer, owned: Sequence[Partition], epoch: int) -> None:
        """Loads the state of the partitions, seeks to their watermarks and lets records flow."""
        located = await self.assignment.locate(consumer, owned, lambda: self.reading.current(epoch))
        if located is None or not self.reading.current(epoch):
            return
        for topic, reason in {partition.topic: reason for partition, reason in located.refused.items()}.items():
            await self.require_resync([topic], reason)
        restored = {partition.topic: part.restored for partition, part in located.parts.items() if part.restored}
        for topic, reason in restored.items():
            await self.require_resync([topic], reason, MEND)
        await self.register({p: part for p, part in located.parts.items() if not part.known})
        if not self.reading.current(epoch):
            return
        positions = self.reading.own(located.parts)
        self.heartbeats.reset(self.reading.parts, self.histories_of(positions))
        if positions:
            await consumer.seek(positions)
            if not self.reading.current(epoch):
                return
            consumer.resume(set(positions))
        rows = sum(len(part.fold.mirror) for part in located.parts.values())
        log.info("reading %d partitions from their watermarks, %d rows in memory", len(positions), rows)

    def histories_of(self, partitions: Mapping[Partition, Any]) -> set[str]:
        return {p.topic for p in partitions if self.plans[p.topic].table.table.role == "history"}

    async def register(self, new: Mapping[Partition, Stored]) -> None:
        """A first watermark, so that topic, partitions and fingerprint are known before the first record."""
        for partition, part in new.items():
            part.topic_id = self.assignment.topic_id(partition.topic)
            part.partitions, part.known = self.plans[partition.topic].partitions, True
        if new and self.writer is not None:
            rows = [self.stamp(partition, part.fold.staged.watermark) for partition, part in new.items()]
            await self.writer.insert(WATERMARKS, rows)

    # -- records ------------------------------------------------------------------------------------------------------

    async def feed(self, topic: str, number: int, records: Sequence[Any]) -> None:
        """A batch of one partition, from its agent."""
        partition = Partition(topic, number)
        if self.writer is not None:
            await self.writer.room()
        epoch = self.reading.epoch
        found = self.reading.cut(partition, records)
        if isinstance(found, Gap):
            await self.fill(partition, found, epoch)
            return
        for start in range(0, len(found), SLICE):
            if start:
                await asyncio.sleep(0)
            if not self.reading.current(epoch):
                return
            await self.fold(partition, found[start : start + SLICE], epoch)

    async def fill(self, partition: Partition, gap: Gap, epoch: int) -> None:
        """Batches that were read ahead of a seek do arrive; a real gap in the log is never skipped."""
        assert self.consumer is not None
        try:
            first = (await self.consumer.first({partition})).get(partition, 0)
        except Unreachable as error:
            log.warning("cannot ask for the beginning of %s: %s", partition, error)
            first = gap.want
        after = self.reading.after(partition, gap, epoch, first)
        if after is After.BACK:
            await self.consumer.seek({partition: gap.want})
        elif after is After.LOST:
            self.leave([partition])
            reason = f"{partition}: the log begins at {first}, the watermark is {gap.want}"
            await self.require_resync([partition.topic], reason)

    def leave(self, partitions: Collection[Partition]) -> None:
        """They are not read on."""
        for partition in partitions:
            self.reading.leave(partition)
        if self.consumer is not None:
            self.consumer.pause(partitions)

    def looked(self, found: Mapping[str, Identity | None]) -> None:
        """The topics as Kafka has them now: one that is another one than we read is not read on."""
        for topic, identity in found.items():
            mine = [partition for partition in self.reading.next if partition.topic == topic]
            if not mine:
                continue
            part, plan = self.reading.parts[mine[0]], self.plans[topic]
            if identity is None:
                reason: str | None = f"topic {topic} does not exist any more"
            else:
                reason = another_topic(part, plan, identity.topic_id, identity.partitions)
            if reason is not None:
                self.leave(mine)
                self.background.spawn(self.require_resync([topic], reason))

    async def fold(self, partition: Partition, records: Sequence[Any], epoch: int) -> None:
        part, plan = self.reading.parts[partition], self.plans[partition.topic]
        batch = intake.read(plan, records)
        for record, reason in batch.letters:
            log.warning("dead letter %s offset %d: %s", partition, record.offset, reason)
            self.meter.dead_letters.labels(plan.name).inc()
        while part.fold.reaches_back(batch.changes):
            await self.load_back(partition, part)
            if not self.reading.current(epoch):
                return
        outcome = intake.fold(part, plan, batch)
        oldest = oldest_commit(batch.changes)
        self.meter.consumed(plan.name, partition, batch.next_offset, len(records), oldest)
        if outcome.truncated is not None:
            table, reason, command, *_ = outcome.truncated
            log.error("RESYNC_REQUIRED %s: %s; %s", table, reason, command)
        if outcome.snapshot:
            self.heartbeats.due_histories |= self.histories_of({partition: part})
        if self.writer is not None:
            self.writer.offer(partition, part.fold)
        if outcome.exceeded:
            self.stop_at_limit(partition, outcome.exceeded)

    async def load_back(self, partition: Partition, part: Stored) -> None:
        """An event of long ago: its hour may have left memory."""
        assert self.sink is not None
        try:
            await load_back(self.sink, partition, part)
        except SinkUnavailable as error:
            log.warning("cannot load old hours of %s, trying again: %s", partition, error)
            await asyncio.sleep(1)

    def stop_at_limit(self, partition: Partition, reason: str) -> None:
        self.reading.halt(partition)
        if not self.stopping:
            self.stopping = True
            advice = "look at them with techhub-cdc status, then mend what writes them"
            self.background.spawn(self.stop(f"{partition}: {reason}; {advice}"))

    async def stop(self, reason: str) -> None:
        """Flushes what is there, so that a restart remembers, and ends."""
        if self.writer is not None:
            await self.writer.drain(5)
        if self.journal is not None:
            await self.journal.write("limit", reason)
        raise LimitReached(reason)

    async def require_resync(self, topics: Iterable[str], reason: str, command: str = STARTING_OVER) -> None:
        tables = [self.plans[topic].table.table.name for topic in topics]
        log.error("RESYNC_REQUIRED %s: %s; %s", ", ".join(tables), reason, command)
        if self.writer is not None:
            at = time.time_ns() // 1000
            await self.writer.insert(RESYNC_REQUIRED, [resync_row(table, reason, command, at) for table in tables])
        if self.journal is not None:
            await self.journal.write("resync", f"{', '.join(tables)}: {reason}")

    # -- durability ---------------------------------------------------------------------------------------------------

    def stamp(self, partition: Partition, mark: Watermark) -> Row:
        topic, part = partition.topic, self.reading.parts.get(partition)
        topic_id = part.topic_id if part is not None and part.topic_id else self.assignment.topic_id(topic)
        source_id = self.heartbeats.source_id or (part.source_id if part is not None else "")
        return watermark_row(partition, mark, self.plans[topic], topic_id, source_id)

    def flushed(self, marks: Mapping[Partition, Watermark]) -> list[Row]:
        """Called when rows up to these watermarks are durable."""
        now = asyncio.get_running_loop().time()
        if now - self.committed > COMMIT_SECONDS:
            self.committed = now
            offsets = {p: mark.next_offset for p, mark in marks.items() if p in self.reading.next}
            self.background.spawn(self.commit(offsets, self.reading.epoch))
        for partition, mark in marks.items():
            if part := self.reading.parts.get(partition):
                part.fold.forget(mark.next_offset)
        return self.heartbeats.freshness.flushed(marks)

    async def commit(self, offsets: Mapping[Partition, int], epoch: int) -> None:
        if offsets and self.consumer is not None and self.reading.current(epoch):
            await self.consumer.commit(offsets)

    def beat(self, beat: Beat) -> None:
        if self.sink is not None and self.writer is not None:
            self.heartbeats.beat(beat, self.sink, self.writer.insert)

    # -- end ----------------------------------------------------------------------------------------------------------

    async def close(self, seconds: float) -> None:
        """What was folded is written if the sink answers in time, else it is read again."""
        self.reading.halt()
        if self.pulse is not None:
            self.pulse.stop()
        if self.writer is not None and not await self.writer.drain(seconds):
            log.warning("ClickHouse did not take the last rows in %.0f s; they are read again", seconds)
        if self.journal is not None:
            await self.journal.write("stop", "")
