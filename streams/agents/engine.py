"""The engine of a worker: from Faust's batches to the writer, by the watermarks in ClickHouse.

    assigned   a new epoch: drop what is pending, pause, load state, check the log's bounds, seek, resume
    feed       a batch from an agent: contiguous from the watermark or not at all; decode, fold, offer to the writer
    beat       a heartbeat: claim freshness for what is durable

After every await the epoch is checked, and an answer of an older one is thrown away.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka.errors import IllegalStateError, KafkaError
from faust.types import TP

from connectors.topics import Identity
from schemas.change import Change, Malformed
from schemas.contract import Contract
from schemas.lifecycles import load_lifecycles
from schemas.rows import DEAD_LETTERS, SEEN_UNTIL, WATERMARKS, Partition, Row, Watermark
from schemas.settings import Settings
from sinks.clickhouse import ClickHouse, SinkUnavailable
from sinks.history import history_statements
from sinks.writer import Writer
from streams.agents.assignment import Assignment
from streams.agents.exits import LimitReached, guarded
from streams.agents.journal import Journal
from streams.agents.loading import Stored, load_back, watermark_row
from streams.agents.pulse import Beat, Freshness, Pulse, heartbeat_row, reached
from streams.continuity import ANEW, HEARTBEATS, MEND
from streams.dead_letters import dead_letter
from streams.plan import SWITCH, plans
from streams.resync import RESYNC_REQUIRED, STARTING_OVER, another_topic, repair_of, resync_row

log = logging.getLogger("techhub.engine")

INLINE_SECONDS: Final = 3.0
"""`seek_to_committed` may not take longer, or Faust's recovery ends without an error and never consumes again."""
SLICE: Final = 500
"""Records folded before other tasks get their turn."""
COMMIT_SECONDS: Final = 1.0
RECORD_SECONDS: Final = 10.0
"""Between two heartbeats that are written down as looked at."""
ASSIGNMENTS_IN_30_S: Final = 20


class Engine:
    def __init__(self, app: Any, settings: Settings, contract: Contract) -> None:
        self.app = app
        self.settings = settings
        self.plans = plans(contract, settings)
        self.histories = history_statements(contract, load_lifecycles(contract), settings.topic_prefix)
        self.assignment = Assignment(settings, self.plans, self.open)
        self.epoch = 0
        self.stored: dict[Partition, Stored] = {}
        self.next: dict[Partition, int] = {}
        self.source_id = ""
        self.freshness = Freshness()
        self.background: set[asyncio.Task[Any]] = set()
        self.assigned_at: deque[float] = deque()
        self.opening = asyncio.Lock()
        self.sink: ClickHouse | None = None
        self.writer: Writer | None = None
        self.pulse: Pulse | None = None
        self.journal: Journal | None = None
        self.committed = 0.0
        self.recorded = 0.0
        self.due_histories: set[str] = set()
        self.stopping = False

    # -- assignment ---------------------------------------------------------------------------------------------------

    async def revoked(self, *_: Any, **__: Any) -> None:
        self.drop()

    def drop(self) -> None:
        """A new epoch. Nothing read under the old assignment is folded any more: it will be read again."""
        self.epoch += 1
        self.stored = {}
        self.next.clear()
        self.freshness.reset({})
        if self.writer is not None:
            self.writer.drop()

    async def assigned(self, consumer: Any) -> None:
        """Called at each assignment, before records flow. Never blocks the rebalance for long."""
        self.drop()
        self.spawn(self.too_many_assignments())
        owned = {TP(*tp) for tp in consumer.assignment()}
        known = {tp for tp in owned if tp.topic in self.plans}
        consumer.pause_partitions(known)
        task = self.spawn(self.locate(consumer, known, self.epoch))
        await asyncio.wait({task}, timeout=INLINE_SECONDS)

    async def too_many_assignments(self) -> None:
        now = time.monotonic()
        self.assigned_at.append(now)
        while self.assigned_at[0] < now - 30:
            self.assigned_at.popleft()
        if len(self.assigned_at) > ASSIGNMENTS_IN_30_S:
            raise LimitReached(
                f"assigned {len(self.assigned_at)} times in 30 s: another live worker uses the id "
                f"{self.settings.worker_id!r} too; give each its own TECHHUB_WORKER_ID"
            )

    async def locate(self, consumer: Any, owned: set[TP], epoch: int) -> None:
        """Loads the state of the partitions, seeks to their watermarks and lets records flow."""
        partitions = {tp: Partition(tp.topic, tp.partition) for tp in owned}
        stored = await self.assignment.load(partitions.values(), lambda: epoch == self.epoch)
        if stored is None:
            return
        refused = await self.assignment.refused(consumer, stored)
        if epoch != self.epoch:
            return
        usable = {tp: stored[p] for tp, p in partitions.items() if p not in refused}
        for topic, reason in {partition.topic: reason for partition, reason in refused.items()}.items():
            await self.require_resync([topic], reason)
        await self.register([(p, s) for p, s in stored.items() if p not in refused and not s.known])
        if epoch != self.epoch:
            return
        self.stored = {partitions[tp]: part for tp, part in usable.items()}
        self.next.update({partitions[tp]: part.fold.next_offset for tp, part in usable.items()})
        self.freshness.reset({p: part.fold.staged.watermark for p, part in self.stored.items()})
        self.due_histories.update(p.topic for p in self.stored if self.plans[p.topic].table.table.role == "history")
        if usable:
            await self.seek(consumer, {tp: part.fold.next_offset for tp, part in usable.items()})
            if epoch != self.epoch:
                return
            consumer.resume_partitions(set(usable))
        entities = sum(len(part.fold.mirror) for part in stored.values())
        log.info("reading %d partitions from their watermarks, %d rows in memory", len(usable), entities)

    async def open(self) -> ClickHouse:
        """ClickHouse, the writer's lanes and the pulse, once."""
        async with self.opening:
            if self.sink is None:
                sink = await ClickHouse.open(self.settings)
                if await sink.has(SWITCH):
                    raise LimitReached(
                        "a rebuild was interrupted while it exchanged tables: run techhub-cdc rebuild again, it ends it"
                    )
                self.writer = Writer(sink, self.stamp, self.flushed, self.settings.writer_limit)
                self.journal = Journal(sink, self.settings.worker_id)
                after = await reached(sink, self.settings)
                self.pulse = Pulse(self.settings, after, lambda: list(self.next), self.beat, self.looked)
                self.sink = sink
                self.spawn(self.writer.run())
                self.spawn(self.journal.write("start", f"{len(self.plans)} tables"))
            return self.sink

    async def register(self, new: Sequence[tuple[Partition, Stored]]) -> None:
        """A first watermark, so that topic, partitions and fingerprint are known before the first record."""
        for partition, part in new:
            part.topic_id, part.partitions = (
                self.assignment.topic_id(partition.topic),
                self.plans[partition.topic].partitions,
            )
            part.known = True
        if new and self.writer is not None:
            await self.writer.insert(WATERMARKS, [self.stamp(p, part.fold.staged.watermark) for p, part in new])

    async def seek(self, consumer: Any, positions: Mapping[TP, int]) -> None:
        """`seek_wait` runs in the consumer's thread; `Consumer.seek` does not and can crash the fetcher."""
        try:
            await consumer.seek_wait(positions)
        except IllegalStateError:
            log.info("an assignment changed during a seek; it is done again")

    # -- records ------------------------------------------------------------------------------------------------------

    async def feed(self, topic: str, number: int, records: Sequence[Any]) -> None:
        """A batch of one partition, from its agent. Contiguous from the watermark or not at all."""
        partition = Partition(topic, number)
        if self.writer is not None:
            await self.writer.room()
        want, epoch = self.next.get(partition), self.epoch
        if want is None or records[-1].offset < want:
            return
        if records[0].offset > want:
            await self.back(partition, want, epoch)
            return
        if records[0].offset < want:
            records = [record for record in records if record.offset >= want]
        self.next[partition] = records[-1].offset + 1
        for start in range(0, len(records), SLICE):
            if start:
                await asyncio.sleep(0)
            if epoch != self.epoch:
                return
            await self.fold(partition, records[start : start + SLICE], epoch)

    async def back(self, partition: Partition, want: int, epoch: int) -> None:
        """Batches that were read ahead of a seek do arrive; a real gap in the log is never skipped."""
        tp = TP(partition.topic, partition.number)
        try:
            first = (await self.app.consumer.earliest_offsets(tp)).get(tp, 0)
        except KafkaError as error:
            log.warning("cannot ask for the beginning of %s: %s", partition, error)
            first = want
        if epoch != self.epoch or self.next.get(partition) != want:
            return
        if first > want:
            self.leave([partition])
            await self.require_resync(
                [partition.topic], f"{partition}: the log begins at {first}, the watermark is {want}"
            )
            return
        await self.seek(self.app.consumer, {tp: want})

    def leave(self, partitions: Sequence[Partition]) -> None:
        """They are not read on."""
        for partition in partitions:
            self.next.pop(partition, None)
            self.stored.pop(partition, None)
        self.app.consumer.pause_partitions({TP(p.topic, p.number) for p in partitions})

    def looked(self, found: Mapping[str, Identity | None]) -> None:
        """The topics as Kafka has them now: one that is another one than we read is not read on."""
        for topic, identity in found.items():
            mine = [partition for partition in self.next if partition.topic == topic]
            if not mine:
                continue
            part, plan = self.stored[mine[0]], self.plans[topic]
            if identity is None:
                reason: str | None = f"topic {topic} does not exist any more"
            else:
                reason = another_topic(part, plan, identity.topic_id, identity.partitions)
            if reason is not None:
                self.leave(mine)
                self.spawn(self.require_resync([topic], reason))

    async def fold(self, partition: Partition, records: Sequence[Any], epoch: int) -> None:
        part, plan = self.stored[partition], self.plans[partition.topic]
        changes: list[Change] = []
        letters: list[tuple[Any, str]] = []
        for record in records:
            try:
                changes.append(plan.decoder.decode(record.offset, record.key, record.value))
            except Malformed as error:
                letters.append((record, str(error)))
        if part.fold.reaches_back(changes):
            await self.load_back(partition, part, epoch)
            if epoch != self.epoch:
                return
        for record, reason in letters:
            self.set_aside(part, partition, record, reason)
        part.fold.fold(changes, records[-1].offset + 1)
        if part.fold.truncated is not None:
            self.truncated(part, partition)
        if plan.table.table.role == "history" and any(not change.lsn for change in changes):
            self.due_histories.add(partition.topic)
        if self.writer is not None:
            self.writer.offer(partition, part.fold)
        if letters and (exceeded := part.dead_letters.exceeded()):
            self.stop_at_limit(partition, exceeded)

    async def load_back(self, partition: Partition, part: Stored, epoch: int) -> None:
        """An event of long ago: its hour may have left memory."""
        while self.sink is not None and epoch == self.epoch:
            try:
                await load_back(self.sink, self.plans[partition.topic], partition, part)
                return
            except SinkUnavailable as error:
                log.warning("cannot load old hours of %s, trying again: %s", partition, error)
                await asyncio.sleep(1)

    def set_aside(self, part: Stored, partition: Partition, record: Any, reason: str) -> None:
        log.warning("dead letter %s offset %d: %s", partition, record.offset, reason)
        row = dead_letter(partition, record.offset, reason, record.timestamp, record.key, record.value)
        part.fold.first(DEAD_LETTERS)[record.offset] = row
        part.dead_letters.add(record.offset)

    def stop_at_limit(self, partition: Partition, reason: str) -> None:
        if not self.stopping:
            self.stopping = True
            self.spawn(
                self.stop(f"{partition}: {reason}; look at them with techhub-cdc status, then mend what writes them")
            )
        self.next.pop(partition, None)

    async def stop(self, reason: str) -> None:
        """Flushes what is there, so that a restart remembers, and ends."""
        if self.writer is not None:
            await self.writer.drain(5)
        if self.journal is not None:
            await self.journal.write("limit", reason)
        raise LimitReached(reason)

    def truncated(self, part: Stored, partition: Partition) -> None:
        """All partitions are meant but one has the event: the figures of the table miss the deletes until a repair."""
        at, part.fold.truncated = part.fold.truncated, None
        table = self.plans[partition.topic].table.table.name
        row = resync_row(table, "TRUNCATE in the source", repair_of(table), at or 0)
        part.fold.first(RESYNC_REQUIRED)[table] = row
        log.error("RESYNC_REQUIRED %s: TRUNCATE in the source; %s", table, repair_of(table))

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
        topic, part = partition.topic, self.stored.get(partition)
        topic_id = part.topic_id if part is not None and part.topic_id else self.assignment.topic_id(topic)
        source_id = self.source_id or (part.source_id if part is not None else "")
        return watermark_row(partition, mark, self.plans[topic], topic_id, source_id)

    def flushed(self, marks: Mapping[Partition, Watermark]) -> list[Row]:
        """Called when rows up to these watermarks are durable."""
        if time.monotonic() - self.committed > COMMIT_SECONDS:
            self.committed = time.monotonic()
            offsets = {TP(p.topic, p.number): mark.next_offset for p, mark in marks.items() if p in self.next}
            self.spawn(self.commit(offsets, self.epoch))
        for partition, mark in marks.items():
            if part := self.stored.get(partition):
                part.fold.forget(mark.next_offset)
        return self.freshness.flushed(marks)

    async def commit(self, offsets: Mapping[TP, int], epoch: int) -> None:
        """Advisory, for tools that show lag."""
        if offsets and epoch == self.epoch:
            try:
                await self.app.consumer._commit(offsets)
            except (KafkaError, IllegalStateError) as error:
                log.debug("commit: %s", error)

    def beat(self, beat: Beat) -> None:
        if beat.source_id:
            self.check_source(beat.source_id)
        self.spawn(self.record(beat, self.freshness.beat(beat)))
        if self.due_histories and self.freshness.at_end and self.sink is not None:
            due, self.due_histories = self.due_histories, set()
            self.spawn(self.write_histories(self.sink, due))

    async def record(self, beat: Beat, claims: list[Row]) -> None:
        """What a beat proves: first that changes are missing, then what has been seen."""
        if beat.broken is not None:
            await self.require_resync(self.plans, beat.broken, MEND)
        if self.writer is None:
            return
        if claims:
            await self.writer.insert(SEEN_UNTIL, claims)
        if beat.broken is not None or time.monotonic() - self.recorded > RECORD_SECONDS:
            self.recorded = time.monotonic()
            await self.writer.insert(HEARTBEATS, [heartbeat_row(self.settings, beat)])

    def check_source(self, source_id: str) -> None:
        """A restored or replaced source has another past than our rows."""
        known, self.source_id = self.source_id, source_id
        others = {}
        for partition, part in self.stored.items():
            before = known or part.source_id
            if before and before != source_id:
                others[partition.topic] = before
            part.source_id = source_id
        if others:
            reason = f"the source is another one: {next(iter(others.values()))} before, {source_id} now"
            self.spawn(self.require_resync(others, reason, ANEW))

    async def write_histories(self, sink: ClickHouse, due: set[str]) -> None:
        """Facts out of history rows that only snapshots have seen; idempotent."""
        try:
            for sql in self.histories:
                await sink.command(sql)
            log.info("history facts are up to date")
        except SinkUnavailable as error:
            log.warning("history facts are written later: %s", error)
            self.due_histories.update(due)

    # -- end ----------------------------------------------------------------------------------------------------------

    async def close(self, seconds: float) -> None:
        """What was folded is written if the sink answers in time, else it is read again."""
        self.next.clear()
        if self.pulse is not None:
            self.pulse.stop()
        if self.writer is not None and not await self.writer.drain(seconds):
            log.warning("ClickHouse did not take the last rows in %.0f s; they are read again", seconds)
        if self.journal is not None:
            await self.journal.write("stop", "")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(guarded(work))
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task
