"""The floor: CPU a change of the plain loop, without framework, state on disk or network to the sink.

confluent-kafka, msgspec, one dict of entities, and ClickHouse's columnar Native encoding of the facts. Run in a process
of its own, so that its CPU time is that of the loop: `python -m benchmarks.floor TOPIC COUNT`.
"""

import json
import sys
import time
from datetime import datetime
from typing import Any

import msgspec
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.insert import InsertContext
from clickhouse_connect.driver.transform import NativeTransform
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from connectors.kafka import kafka_config
from schemas.settings import load

COLUMNS = ("request_id", "lsn", "from_status", "to_status", "at", "seconds_in_from", "service")
TYPES = (
    "Int64", "UInt64", "LowCardinality(String)", "LowCardinality(String)", "DateTime64(6, 'UTC')", "Nullable(Float64)",
    "LowCardinality(String)",
)  # fmt: skip


class Row(msgspec.Struct, gc=False):
    id: int
    status: str
    service_id: str | None
    assignee_id: int | None
    created_at: datetime | None
    updated_at: datetime | None


class Source(msgspec.Struct, gc=False):
    lsn: int
    ts_us: int


class Event(msgspec.Struct, gc=False):
    op: str
    source: Source
    after: Row | None = None


def encode(rows: list[tuple[Any, ...]]) -> int:
    """Bytes of the facts as an insert would send them."""
    context = InsertContext(
        "facts", COLUMNS, [get_from_name(name) for name in TYPES], list(zip(*rows, strict=True)), column_oriented=True
    )
    return sum(len(block) for block in NativeTransform().build_insert(context))


def run(topic: str, count: int) -> dict[str, float]:
    settings = load("kafka_bootstrap")
    consumer = Consumer(kafka_config(settings, **{"group.id": "floor", "enable.auto.commit": False}))
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    decode = msgspec.json.Decoder(Event).decode
    state: dict[int, tuple[str, int, int]] = {}
    seen = encoded = 0
    first_cpu, first = time.process_time(), time.perf_counter()
    while seen < count:
        rows = []
        messages = consumer.consume(5000, 1.0)
        for message in messages:
            event = decode(message.value() or b"")
            row = event.after
            if row is None:
                continue
            status, at, lsn = state.get(row.id, ("", event.source.ts_us, 0))
            if event.source.lsn <= lsn:
                continue
            if status != row.status:
                spent = (event.source.ts_us - at) / 1e6
                rows.append(
                    (row.id, event.source.lsn, status, row.status, event.source.ts_us, spent, row.service_id or "")
                )
                at = event.source.ts_us
            state[row.id] = (row.status, at, event.source.lsn)
        seen += len(messages)
        if rows:
            encoded += encode(rows)
    cpu, elapsed = time.process_time() - first_cpu, time.perf_counter() - first
    consumer.close()
    return {"changes": seen, "cpu_us": 1e6 * cpu / seen, "per_second": seen / elapsed, "encoded_bytes": encoded}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
