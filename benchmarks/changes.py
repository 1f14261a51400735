"""A full topic: changes of service requests as Debezium writes them, made up and produced straight into Kafka."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from confluent_kafka import Producer

from connectors.kafka import kafka_config
from schemas.settings import Settings

PATH: Final = ("draft", "sent", "correction", "sent", "approved", "success")
OPEN: Final = 5000
"""Requests under way at once."""
START: Final = 1_767_225_600_000_000
"""2026-01-01 in microseconds: the first change; ten follow every second."""


def changes(count: int, seed: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each record: requests walk through their statuses, and one change in five moves none."""
    rnd, created = random.Random(seed), 0
    under_way: list[list[int]] = []
    for number in range(count):
        slot = rnd.randrange(OPEN)
        if slot < len(under_way) and under_way[slot][1] < len(PATH) - 1:
            new = False
            under_way[slot][1] += rnd.random() < 0.8
        else:
            new, created = True, created + 1
            if slot >= len(under_way):
                slot = len(under_way)
                under_way.append([])
            under_way[slot] = [created, 0]
        request, step = under_way[slot]
        change = envelope(request, PATH[step], new, number)
        yield json.dumps({"id": request}).encode(), json.dumps(change).encode()


def envelope(request: int, status: str, new: bool, number: int) -> dict[str, Any]:
    at = START + number * 100_000
    instant = "2026-01-01T00:00:00.123456Z"
    return {
        "before": None,
        "after": {
            "id": request,
            "service_id": f"S{request % 310}",
            "status": status,
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
