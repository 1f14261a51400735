"""A full topic: changes of service requests as Debezium writes them, made up and produced straight into Kafka."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from confluent_kafka import Producer

from connectors.kafka import kafka_config
from schemas.settings import Settings

STATUSES: Final = ("draft", "sent", "correction", "approved", "success", "rejected")
START: Final = 1_767_225_600_000_000
"""2026-01-01 in microseconds: the first change; ten follow every second."""


def changes(count: int, seed: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each record: a third creates a request, the rest move one on."""
    rnd, created = random.Random(seed), 0
    for number in range(count):
        new = not created or rnd.random() < 0.33
        created += new
        request = created if new else rnd.randint(max(1, created - 5000), created)
        at = START + number * 100_000
        yield json.dumps({"id": request}).encode(), json.dumps(envelope(request, new, number, at, rnd)).encode()


def envelope(request: int, new: bool, number: int, at: int, rnd: random.Random) -> dict[str, Any]:
    instant = "2026-01-01T00:00:00.123456Z"
    return {
        "before": None,
        "after": {
            "id": request,
            "service_id": f"S{request % 310}",
            "status": rnd.choice(STATUSES),
            "author_id": request % 5000,
            "company_id": request % 700,
            "assignee_id": request % 40 or None,
            "expert_id": None,
            "parent_id": None,
            "hub_form_data_id": request,
            "second_hub_form_data_id": None,
            "created_at": instant,
            "updated_at": instant,
        },
        "source": {
            "version": "3.7.0.Final",
            "connector": "postgresql",
            "name": "techhub",
            "ts_ms": at // 1000,
            "snapshot": "false",
            "db": "techhub",
            "sequence": f'["{number}","{number + 100}"]',
            "ts_us": at,
            "ts_ns": at * 1000,
            "schema": "public",
            "table": "service_servicerequest",
            "txId": number + 1000,
            "lsn": number * 100 + 100,
            "xmin": None,
            "origin": None,
            "origin_lsn": None,
        },
        "transaction": None,
        "op": "c" if new else "u",
        "ts_ms": at // 1000 + 5,
        "ts_us": at + 5000,
        "ts_ns": at * 1000 + 5_000_000,
    }


def produce(settings: Settings, topic: str, count: int, tell: Callable[[str], None]) -> None:
    producer = Producer(kafka_config(settings, **{"linger.ms": 20, "compression.type": "lz4", "batch.size": 262144}))
    for number, (key, value) in enumerate(changes(count), start=1):
        producer.produce(topic, value, key)
        if number % 10_000 == 0:
            producer.poll(0)
            producer.flush()
            tell(f"{number:,} of {count:,} changes in the topic")
    producer.flush()
