"""How far the source's log has come, by what Kafka has of it: evidence beside the offset that Connect has stored.

Debezium (3.7.0) confirms to its slot what Kafka has acknowledged, and that may be up to a flush interval ahead of the
offset that Connect stores. A Connect that is killed then leaves a slot ahead of its offset, and the last records in
Kafka reach as far as the slot. Where somebody has moved the slot, they do not. Decision 0007 has the limit: that what
was sent earlier has arrived, too, is trusted and not proven.
"""

import json
import time
from dataclasses import replace
from typing import Final

import msgspec
from confluent_kafka import TopicPartition

from connectors import topics
from connectors.catalogue import Slot
from connectors.errors import Unreachable
from connectors.guard import StoredOffset, ahead
from connectors.kafka import REQUEST_SECONDS, onlooker
from connectors.records import answered
from schemas.contract import Contract
from schemas.settings import Settings


class _Source(msgspec.Struct):
    lsn: int | None = None
    sequence: str | None = None
    """`["commit of the transaction before", "this change"]`, positions as text."""


class _Event(msgspec.Struct):
    source: _Source


_read: Final = msgspec.json.Decoder(_Event).decode


def delivered_offset(
    settings: Settings, contract: Contract, slot: Slot | None, offset: StoredOffset | None
) -> StoredOffset | None:
    """The stored offset; where the slot is ahead of it, as far as Kafka has come. `Unreachable` while Kafka is away."""
    if slot is None or offset is None or not ahead(slot, offset):
        return offset
    return replace(offset, lsn=max(offset.lsn, _newest(settings, contract)))


def position(value: bytes | None) -> int:
    """Up to where a record says that the log was sent; 0 where it says nothing."""
    try:
        source = _read(value or b"").source
        before = json.loads(source.sequence or "[null]")[0]
        return max(source.lsn or 0, int(before or 0))
    except (msgspec.MsgspecError, ValueError, TypeError, LookupError):
        return 0


def _newest(settings: Settings, contract: Contract) -> int:
    """The greatest position in the last records of the captured tables and the heartbeats."""
    names = [contract.topic(settings.topic_prefix, name) for name in contract.tables]
    ends = topics.ends(settings, [*names, topics.heartbeat_topic(settings)])
    last = [TopicPartition(topic, number, end - 1) for (topic, number), end in ends.items() if end]
    waiting, newest, deadline = {(tp.topic, tp.partition) for tp in last}, 0, time.monotonic() + REQUEST_SECONDS
    with answered("give the last records"), onlooker(settings, "delivered") as consumer:
        consumer.assign(last)
        while waiting:
            if time.monotonic() > deadline:
                raise Unreachable(f"kafka did not give the last records of {len(waiting)} partitions in time")
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                waiting.discard((message.topic(), message.partition()))
                newest = max(newest, position(message.value()))
    return newest
