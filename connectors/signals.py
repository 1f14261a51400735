"""What a repair sends into the log: "read these rows again" to Debezium, and deletes that capture never saw.

Both come back as records of the table's topic, through the same decoder and fold as every other change.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import KafkaException, Producer

from connectors.errors import Unreachable
from connectors.kafka import REQUEST_SECONDS, kafka_config
from connectors.topics import signal_topic
from schemas.change import REPAIR
from schemas.contract import Contract, Table
from schemas.settings import Settings

FILTERED: Final = 1000
"""More keys than this are not named one by one: the whole table is read again."""


def read_again(settings: Settings, contract: Contract, table: Table, keys: Sequence[Any] | None = None) -> None:
    """An incremental snapshot: of some rows, or of the table; it runs beside the stream and locks nothing."""
    collection = f"{contract.schema_name}.{table.name}"
    request: dict[str, Any] = {"type": "incremental", "data-collections": [f"{contract.schema_name}\\.{table.name}"]}
    if keys is not None and len(keys) <= FILTERED:
        condition = {"data-collection": collection, "filter": condition_of(table, keys)}
        request["additional-conditions"] = [condition]
    signal = {"id": uuid.uuid4().hex, "type": "execute-snapshot", "data": request}
    send(settings, [(signal_topic(settings), 0, settings.topic_prefix.encode(), signal)])


def condition_of(table: Table, keys: Iterable[Any]) -> str:
    """SQL over the key columns."""
    rows = [key if isinstance(key, tuple) else (key,) for key in keys]
    names = ", ".join(f'"{name}"' for name in table.key)
    values = ", ".join("(" + ", ".join(literal(part) for part in row) + ")" for row in rows)
    return f"({names}) IN ({values})"


def literal(value: Any) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def delete(
    settings: Settings, contract: Contract, table: Table, partitions: Mapping[Any, int], lsn: int, committed_at: int
) -> None:
    """Deletes of rows that the source no longer had at that position; a newer row is left alone by the fold.

    `partitions` says for each key in which partition of the topic its changes are.
    """
    topic = contract.topic(settings.topic_prefix, table.name)
    source = {
        "connector": "techhub-cdc", "snapshot": REPAIR, "schema": contract.schema_name, "table": table.name,
        "lsn": lsn, "ts_us": committed_at, "txId": None,
    }  # fmt: skip
    envelope = {"before": None, "after": None, "source": source, "op": "d", "ts_ms": committed_at // 1000}
    send(
        settings,
        [
            (topic, number, json.dumps(named(table, key), separators=(",", ":")).encode(), envelope)
            for key, number in partitions.items()
        ],
    )


def named(table: Table, key: Any) -> dict[str, Any]:
    return dict(zip(table.key, key if isinstance(key, tuple) else (key,), strict=True))


def send(settings: Settings, records: Iterable[tuple[str, int, bytes, Any]]) -> None:
    """Returns when Kafka has them all."""
    failed: list[str] = []

    def delivered(error: Any, _message: Any) -> None:
        if error is not None:
            failed.append(str(error))

    producer = Producer(kafka_config(settings, **{"acks": "all", "message.timeout.ms": int(REQUEST_SECONDS * 1000)}))
    try:
        for topic, partition, key, value in records:
            producer.produce(topic, json.dumps(value).encode(), key, partition, on_delivery=delivered)
            producer.poll(0)
        left = producer.flush(REQUEST_SECONDS)
    except (KafkaException, BufferError) as error:
        raise Unreachable(f"kafka did not take the repair: {error}") from None
    if failed or left:
        raise Unreachable(f"kafka did not take the repair: {failed[0] if failed else 'no answer in time'}")
