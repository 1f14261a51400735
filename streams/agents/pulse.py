"""The pulse: heartbeats of the source, read by every worker, with the log's ends when each had come through.

What proves one is `streams/freshness.py`: the positions that Kafka Connect stores, read beside them. Every heartbeat is
looked at, from the last one that was: a missing number
proves lost changes (`streams/continuity.py`). The heartbeat topic has one partition and every worker needs it, so each
tails it outside the consumer group. Now and then the pulse also looks whether the topics are still those that are
being read.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import OFFSET_END, Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors import positions, topics
from connectors.errors import ConnectorsError
from connectors.heartbeat import Heartbeat, parse
from connectors.kafka import REQUEST_SECONDS, kafka_config
from connectors.topics import heartbeat_topic
from schemas.rows import Partition, Row
from schemas.settings import Settings
from sinks.clickhouse import Sink
from streams.continuity import HEARTBEATS, Continuity
from streams.freshness import Beat, Proof

log = logging.getLogger("techhub.pulse")
LOOK_SECONDS: Final = 10.0
"""Between two looks at the topics themselves."""
UNPROVEN_SECONDS: Final = 10.0
ENDS_SECONDS: Final = 5.0
"""Within which the log's ends are told; a broker that is busy gets no more questions meanwhile."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The last heartbeat that was looked at before this process began."""

    offset: int
    seq: int
    committed_at: int


async def reached(sink: Sink, settings: Settings) -> Reached | None:
    """None in a new database: it knows nothing of the past. Raises `SinkUnavailable`."""
    place = Partition(heartbeat_topic(settings), 0)
    rows = (await sink.newest(HEARTBEATS, ("offset", "seq", "committed_at"), [place]))[place]
    return Reached(*rows[0]) if rows else None


def heartbeat_row(settings: Settings, beat: Beat) -> Row:
    return (heartbeat_topic(settings), 0, beat.offset, beat.seq, beat.committed_at, beat.source_id)


Deliver = Callable[[Beat], None]
Looked = Callable[[Mapping[str, topics.Identity | None]], None]


async def start_pulse(
    sink: Sink, settings: Settings, partitions: Callable[[], Collection[Partition]], deliver: Deliver, looked: Looked
) -> "Pulse":
    """Goes on where this database has been told of a heartbeat. Raises `SinkUnavailable`."""
    return Pulse(settings, await reached(sink, settings), partitions, deliver, looked)


class Pulse:
    """A thread that tails the heartbeat topic from where `after` says.

    `partitions` says whose ends are asked for, `deliver` gets the beats, `looked` the topics as Kafka has them.
    """

    def __init__(
        self,
        settings: Settings,
        after: Reached | None,
        partitions: Callable[[], Collection[Partition]],
        deliver: Deliver,
        looked: Looked,
    ) -> None:
        self.settings = settings
        self.after = after
        self.partitions = partitions
        self.deliver = deliver
        self.looked = looked
        self.continuity = Continuity(after.seq, after.committed_at) if after else Continuity()
        self.proof = Proof()
        self.newest: tuple[Heartbeat, int] | None = None
        """The last streamed heartbeat and its offset."""
        self.positioned = False
        """Whether Connect's positions are being read."""
        self.unproven_seconds = 0.0
        """How long heartbeats have come through and nothing has proven them."""
        self.broken: str | None = None
        self.looked_at = time.monotonic()
        self.admin = AdminClient(kafka_config(settings))
        self.loop = asyncio.get_running_loop()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="pulse", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        config = kafka_config(
            self.settings,
            **{
                "group.id": f"{self.settings.group}-pulse",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            },
        )
        consumer = Consumer(config)
        consumer.assign([TopicPartition(heartbeat_topic(self.settings), 0, self.start(consumer))])
        self.read_positions(consumer)
        try:
            while not self.stopping.is_set():
                if (first := consumer.poll(0.5)) is not None:
                    self.read([m for m in (first, *consumer.consume(1000, timeout=0)) if m.error() is None])
                if time.monotonic() - self.looked_at > LOOK_SECONDS:
                    self.looked_at = time.monotonic()
                    self.look()
                    if not self.positioned:
                        self.read_positions(consumer)
        finally:
            consumer.close()

    def read_positions(self, consumer: Consumer) -> None:
        """From now on: one is stored after every heartbeat."""
        try:
            consumer.incremental_assign(positions.ends(consumer, self.settings))
            self.positioned = True
        except ConnectorsError as error:
            log.warning(
                "nothing is proven without the positions that Kafka Connect stores (TECHHUB_CONNECT_OFFSETS_TOPIC, its "
                "offset.storage.topic), looking again in %.0f s: %s",
                LOOK_SECONDS,
                error,
            )

    def start(self, consumer: Consumer) -> int:
        """Where to read from. Heartbeats that Kafka has thrown away while no worker ran prove nothing."""
        if self.after is None:
            return OFFSET_END
        while not self.stopping.is_set():
            try:
                partition = TopicPartition(heartbeat_topic(self.settings), 0)
                first, end = consumer.get_watermark_offsets(partition, timeout=REQUEST_SECONDS) or (0, 0)
            except KafkaException as error:
                log.warning("the heartbeats cannot be found, trying again: %s", error)
                self.stopping.wait(1)
                continue
            if first > self.after.offset + 1:
                log.warning("heartbeats %d to %d are gone from the log: it is not known", self.after.offset + 1, first)
                self.continuity = Continuity()
            return self.after.offset + 1 if first <= self.after.offset + 1 <= end else first
        return OFFSET_END

    def read(self, messages: Iterable[Message]) -> None:
        """All are looked at; the last streamed heartbeat is passed on, and again when something is proven."""
        fresh, stored = False, []
        for message in messages:
            if message.topic() == self.settings.connect_offsets_topic:
                stored.append(positions.parse(message.key(), message.value(), self.settings.connector_name))
            elif (heartbeat := parse(message.value())) is None:
                log.warning("a record at %s of the heartbeats was passed over: it is none", message.offset())
            else:
                fresh |= self.follow(heartbeat, message.offset() or 0)
        proven_at = 0
        for position in filter(None, stored):
            found = self.proof.stored(position.lsn, position.commit, position.committed_at)
            proven_at = max(proven_at, found)
        if self.newest is not None and (fresh or proven_at):
            self.pass_on(*self.newest, proven_at)
            self.warn()

    def follow(self, heartbeat: Heartbeat, offset: int) -> bool:
        """Whether it is of the stream."""
        reason = self.continuity.follow(heartbeat.seq, heartbeat.microseconds, streamed=heartbeat.streamed)
        self.broken = self.broken or reason
        if heartbeat.streamed:
            self.newest = (heartbeat, offset)
            self.proof.follow(heartbeat.lsn, heartbeat.microseconds)
        return heartbeat.streamed

    def warn(self) -> None:
        """Once, when heartbeats come through and nothing proves them."""
        before, self.unproven_seconds = self.unproven_seconds, self.proof.behind
        if before <= UNPROVEN_SECONDS < self.unproven_seconds:
            log.warning(
                "heartbeats come through, but for %.0f s Kafka Connect has stored no position in %s, and nothing newer "
                "is proven: is that its offset.storage.topic (TECHHUB_CONNECT_OFFSETS_TOPIC), and its "
                "offset.flush.interval.ms about 500? docs/operations.md says more",
                self.unproven_seconds,
                self.settings.connect_offsets_topic,
            )

    def pass_on(self, heartbeat: Heartbeat, offset: int, proven_at: int) -> None:
        try:
            ends = self.ends() if proven_at else {}
        except (KafkaException, TimeoutError) as error:
            # after a broker's restart librdkafka's admin client names the old leader epoch, and is refused for ever
            log.warning("the ends of the log are asked for again at the next heartbeat: %s", error)
            self.admin = AdminClient(kafka_config(self.settings))
            return
        committed_at, source_id = heartbeat.microseconds, heartbeat.source_id or ""
        beat = Beat(committed_at, heartbeat.seq, source_id, ends, proven_at, offset, self.broken)
        self.broken = None
        if not self.stopping.is_set():
            self.loop.call_soon_threadsafe(self.deliver, beat)

    def look(self) -> None:
        names = {partition.topic for partition in list(self.partitions())}
        try:
            found = topics.identities(self.settings, names) if names else {}
        except ConnectorsError as error:
            log.warning("the topics are looked at again in %.0f s: %s", LOOK_SECONDS, error)
            return
        if not self.stopping.is_set():
            self.loop.call_soon_threadsafe(self.looked, {name: found.get(name) for name in names})

    def ends(self) -> dict[Partition, int]:
        """The log's end of each of our partitions, asked for after the heartbeat has come."""
        owned = list(self.partitions())
        if not owned:
            return {}
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked: dict[TopicPartition, Any] = {TopicPartition(p.topic, p.number): latest for p in owned}
        answers = self.admin.list_offsets(asked, request_timeout=ENDS_SECONDS)
        # librdkafka answers within its own time; a future that it forgot must not silence the pulse
        return {
            Partition(tp.topic, tp.partition): future.result(2 * ENDS_SECONDS).offset for tp, future in answers.items()
        }
