"""Positions that Kafka Connect stores: up to where everything is in Kafka.

Connect stores where its connector has come once Kafka has acknowledged that record and every one that was sent before
it, whatever their partitions (KAFKA-12226). What Debezium confirms to its slot is not that: it follows the record that
was acknowledged last, before which others may still be on their way.

Flows in: records of Connect's own offsets topic. Flows out: positions of our connector.
"""

import time
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from connectors.errors import Unreachable
from connectors.kafka import REQUEST_SECONDS, onlooker
from connectors.records import answered
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class Position:
    """Of a record in the source's log: `commit` is where the last transaction before it ended, `committed_at` when its
    own was committed (microseconds since 1970)."""

    lsn: int
    commit: int
    committed_at: int


class _Offset(msgspec.Struct):
    lsn: int
    lsn_commit: int
    ts_usec: int
    snapshot: Any = None


_key: Final = msgspec.json.Decoder(tuple[str, Any]).decode
_offset: Final = msgspec.json.Decoder(_Offset).decode


def parse(key: bytes | None, value: bytes | None, connector: str) -> Position | None:
    """None for another connector's, for one that was deleted, and while a snapshot runs."""
    try:
        if _key(key or b"")[0] != connector:
            return None
        found = _offset(value or b"")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return None if found.snapshot else Position(found.lsn, found.lsn_commit, found.ts_usec)


def ends(consumer: Consumer, settings: Settings) -> list[TopicPartition]:
    """Where the next positions come. `Unreachable` where the topic is not there or may not be read."""
    topic = settings.connect_offsets_topic
    with answered("tell the partitions of Connect's offsets"):
        found = consumer.list_topics(topic, REQUEST_SECONDS).topics[topic]
    if found.error is not None:
        raise Unreachable(f"{topic} cannot be read: {found.error.str()}")
    return [TopicPartition(topic, number, OFFSET_END) for number in found.partitions]


def next_stored(settings: Settings, seconds: float) -> Position | None:
    """The next one of our connector that is stored; None when none was within `seconds`. `Unreachable` as `ends`."""
    with onlooker(settings, "positions") as consumer:
        consumer.assign(ends(consumer, settings))
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = consumer.poll(left)
            if message is None or message.error() is not None:
                continue
            if (found := parse(message.key(), message.value(), settings.connector_name)) is not None:
                return found
    return None
