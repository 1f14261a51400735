"""The pulse: heartbeats of the source, read by every worker, turned into claims of freshness.

A heartbeat committed at t that has come through Kafka proves that everything the source had committed by then is in
the log; once this worker's rows are durable up to the log's end at that moment, it may claim `seen_until = t`. The
heartbeat topic has one partition and every worker needs it, so each tails it outside the consumer group.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.kafka import kafka_config
from connectors.topics import heartbeat_topic
from schemas.rows import Partition, Row, Watermark
from schemas.settings import Settings

log = logging.getLogger("techhub.pulse")
KEPT: Final = 60


class HeartbeatRow(msgspec.Struct):
    seq: int
    source_id: str | None = None


class HeartbeatSource(msgspec.Struct):
    ts_us: int


class HeartbeatEvent(msgspec.Struct):
    op: str
    source: HeartbeatSource
    after: HeartbeatRow | None = None


read_heartbeat = msgspec.json.Decoder(HeartbeatEvent).decode


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat's commit time (microseconds) and sequence number, and the log's ends when it had come through."""

    committed_at: int
    seq: int
    source_id: str
    ends: Mapping[Partition, int]


@dataclass(slots=True)
class Freshness:
    """What may be claimed. Pure: beats and watermarks in, rows of `seen_until` out."""

    beats: deque[Beat] = field(default_factory=lambda: deque(maxlen=KEPT))
    durable: dict[Partition, int] = field(default_factory=dict)
    claimed: dict[Partition, int] = field(default_factory=dict)

    def reset(self, durable: Mapping[Partition, Watermark]) -> None:
        """After an assignment: only what the sink has counts."""
        self.beats.clear()
        self.claimed.clear()
        self.durable = {partition: mark.next_offset for partition, mark in durable.items()}

    def flushed(self, marks: Mapping[Partition, Watermark]) -> list[Row]:
        for partition, mark in marks.items():
            if partition in self.durable:
                self.durable[partition] = max(self.durable[partition], mark.next_offset)
        return self.claims(marks)

    def beat(self, beat: Beat) -> list[Row]:
        self.beats.append(beat)
        return self.claims(self.durable)

    def claims(self, partitions: Iterable[Partition]) -> list[Row]:
        rows = []
        for partition in partitions:
            durable = self.durable.get(partition, -1)
            true = next(
                (b.committed_at for b in reversed(self.beats) if b.ends.get(partition, durable + 1) <= durable), None
            )
            if true is not None and true > self.claimed.get(partition, 0):
                self.claimed[partition] = true
                rows.append((partition.topic, partition.number, true))
        return rows

    @property
    def at_end(self) -> bool:
        """Whether everything up to a recent beat is durable."""
        return bool(self.beats) and all(partition in self.claimed for partition in self.durable)


class Pulse:
    """A thread that tails the heartbeat topic. `partitions` says whose ends are asked for, `deliver` gets the beats."""

    def __init__(
        self, settings: Settings, partitions: Callable[[], Collection[Partition]], deliver: Callable[[Beat], None]
    ) -> None:
        self.settings = settings
        self.partitions = partitions
        self.deliver = deliver
        self.admin = AdminClient(kafka_config(settings))
        self.loop = asyncio.get_running_loop()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="pulse", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        config = kafka_config(
            self.settings, **{"group.id": f"{self.settings.group}-pulse", "enable.auto.commit": False}
        )
        consumer = Consumer(config)
        topic = heartbeat_topic(self.settings)
        consumer.assign([TopicPartition(topic, 0, OFFSET_END)])
        try:
            while not self.stopping.is_set():
                messages = [m for m in consumer.consume(100, timeout=0.5) if m.error() is None]
                if messages:
                    self.read(messages[-1].value())
        finally:
            consumer.close()

    def read(self, value: bytes | None) -> None:
        try:
            event = read_heartbeat(value or b"")
            ends = self.ends()
        except msgspec.MsgspecError as error:
            log.warning("a heartbeat was passed over: %s", error)
            return
        except KafkaException as error:
            # after a broker's restart librdkafka's admin client names the old leader epoch, and is refused for ever
            log.warning("the ends of the log are asked for again at the next heartbeat: %s", error)
            self.admin = AdminClient(kafka_config(self.settings))
            return
        if event.after is not None:
            beat = Beat(event.source.ts_us, event.after.seq, event.after.source_id or "", ends)
            if not self.stopping.is_set():
                self.loop.call_soon_threadsafe(self.deliver, beat)

    def ends(self) -> dict[Partition, int]:
        """The log's end of each of our partitions, asked for after the heartbeat has come."""
        owned = list(self.partitions())
        if not owned:
            return {}
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked: dict[TopicPartition, Any] = {TopicPartition(p.topic, p.number): latest for p in owned}
        answers = self.admin.list_offsets(asked, request_timeout=5)
        return {Partition(tp.topic, tp.partition): future.result().offset for tp, future in answers.items()}
