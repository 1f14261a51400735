"""Heartbeats as they come out of Kafka: the only proof that the whole way from PostgreSQL works.

Flows in: records of `<prefix>.cdc.heartbeat`. Flows out: the instant, number and source of a heartbeat.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.errors import Unreachable
from connectors.kafka import REQUEST_SECONDS, kafka_config
from connectors.topics import heartbeat_topic
from schemas.settings import Settings

LOOK_BACK: Final = 50
"""Records from the end that are looked through for the last heartbeat."""


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`committed_at`: when the source committed it, by the source's clock; `source_id`: system identifier/timeline;
    `lsn`: its place in the source's log.
    """

    committed_at: datetime
    seq: int
    source_id: str | None
    lsn: int = 0
    streamed: bool = True
    """False: seen by a snapshot, which proves nothing about the stream."""

    @property
    def microseconds(self) -> int:
        """`committed_at` since 1970."""
        return (self.committed_at - EPOCH) // timedelta(microseconds=1)


class _Row(msgspec.Struct):
    seq: int
    source_id: str | None = None


class _Source(msgspec.Struct):
    ts_us: int
    lsn: int | None = None


class _Event(msgspec.Struct):
    op: str
    source: _Source
    after: _Row


_read: Final = msgspec.json.Decoder(_Event).decode


def parse(value: bytes | None) -> Heartbeat | None:
    """None for anything but a heartbeat."""
    try:
        event = _read(value or b"")
        committed_at = EPOCH + timedelta(microseconds=event.source.ts_us)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return None
    if event.op not in ("u", "r"):
        return None
    return Heartbeat(committed_at, event.after.seq, event.after.source_id, event.source.lsn or 0, event.op == "u")


def streamed(value: bytes | None) -> Heartbeat | None:
    """None for anything but a heartbeat of the stream."""
    found = parse(value)
    return found if found is not None and found.streamed else None


class Heartbeats:
    """Reads the heartbeat topic from where it ended when this was made; it joins no group and commits nothing."""

    def __init__(self, settings: Settings) -> None:
        config = kafka_config(settings, **{"group.id": "techhub-cdc-heartbeats", "enable.auto.commit": False})
        self._consumer = Consumer(config)
        self._topic = heartbeat_topic(settings)
        self._first, self._end = self._bounds()
        self._seek(self._end)

    def close(self) -> None:
        self._consumer.close()

    def next(self, seconds: float) -> Heartbeat | None:
        """The next heartbeat, or None when none came within `seconds`."""
        message = self._consumer.poll(seconds)
        return None if message is None or message.error() else streamed(message.value())

    def skip_to_end(self) -> None:
        self._first, self._end = self._bounds()
        self._seek(self._end)

    def last(self) -> Heartbeat | None:
        """The newest heartbeat in the topic."""
        start = max(self._first, self._end - LOOK_BACK)
        self._seek(start)
        newest = None
        for _ in range(self._end - start):
            message = self._consumer.poll(5)
            if message is None or message.error():
                break
            newest = streamed(message.value()) or newest
            if (message.offset() or 0) >= self._end - 1:
                break
        return newest

    def _bounds(self) -> tuple[int, int]:
        """A topic that was made a moment ago has no leader yet: asked again until the deadline."""
        deadline = time.monotonic() + REQUEST_SECONDS
        while True:
            try:
                bounds = self._consumer.get_watermark_offsets(TopicPartition(self._topic, 0), timeout=REQUEST_SECONDS)
                return bounds or (0, 0)
            except KafkaException as error:
                if time.monotonic() > deadline:
                    raise Unreachable(f"{self._topic} cannot be read from kafka: {error.args[0].str()}") from None
                time.sleep(0.1)

    def _seek(self, offset: int) -> None:
        self._consumer.assign([TopicPartition(self._topic, 0, offset)])


@contextmanager
def heartbeats(settings: Settings) -> Iterator[Heartbeats]:
    reader = Heartbeats(settings)
    try:
        yield reader
    finally:
        reader.close()


def age_seconds(heartbeat: Heartbeat, connection: Any) -> float:
    """Age by the source's own clock, so that no other clock matters."""
    row = connection.execute("select extract(epoch from clock_timestamp())::float8").fetchone()
    return max(0.0, float(row[0]) - heartbeat.committed_at.timestamp())
