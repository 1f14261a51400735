"""Contract + settings -> the connector's configuration, and what changes between two of them. Pure.

Every setting here was run against Debezium 3.7 and Kafka Connect 4.3; comments say what a setting is for where its name
does not. Passwords are references that Connect resolves by itself; a plain value is used only where none is set.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from psycopg.conninfo import conninfo_to_dict

from connectors.catalogue import CAPTURE_SCHEMA
from connectors.postgres import HEARTBEAT_COLUMNS, HEARTBEAT_QUERY, SIGNAL_COLUMNS, published
from connectors.topics import MAX_MESSAGE_BYTES, notification_topic, signal_topic
from schemas.contract import Contract
from schemas.settings import Settings

SnapshotMode = Literal["initial", "no_data"]

JSON_CONVERTER: Final = "org.apache.kafka.connect.json.JsonConverter"
FIXED: Final = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "tasks.max": "1",
    "plugin.name": "pgoutput",
    # the default publishes all tables, and an update of one without a primary key then fails in the application
    "publication.autocreate.mode": "disabled",
    "slot.drop.on.stop": "false",
    "time.precision.mode": "isostring",
    "decimal.handling.mode": "string",
    "tombstones.on.delete": "false",
    # the default leaves truncate out: the worker must see it to ask for a resync
    "skipped.operations": "none",
    "provide.transaction.metadata": "false",
    "max.batch.size": "8192",
    "max.queue.size": "32768",
    "max.queue.size.in.bytes": str(128 * 1024 * 1024),
    "producer.override.linger.ms": "5",
    # the producer's default of 16 KiB limits catch-up to 5,000 changes a second; this reaches 16-24,000
    "producer.override.batch.size": "262144",
    "producer.override.max.request.size": str(MAX_MESSAGE_BYTES),
    "producer.override.buffer.memory": str(4 * MAX_MESSAGE_BYTES),
    "producer.override.compression.type": "lz4",
    "producer.override.acks": "all",
    "retriable.restart.connector.wait.ms": "2000",
    "errors.tolerance": "none",
    "errors.log.include.messages": "false",
    "key.converter": JSON_CONVERTER,
    "key.converter.schemas.enable": "false",
    "value.converter": JSON_CONVERTER,
    "value.converter.schemas.enable": "false",
    "notification.enabled.channels": "log,sink",
}

SECRET: Final = re.compile(r"password|secret|jaas", re.IGNORECASE)
REFERENCE: Final = re.compile(r"^\$\{[^}]+\}$")


@dataclass(frozen=True, slots=True)
class Change:
    """A setting before and after; None where it is absent. Secrets are masked."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Of a list that grew or shrank only what came and went."""
        if self.name.endswith(".list") and self.before is not None and self.after is not None:
            before, after = self.before.split(","), self.after.split(",")
            gone = [f"-{entry}" for entry in before if entry not in after]
            come = [f"+{entry}" for entry in after if entry not in before]
            return f"{self.name}: {' '.join(gone + come) or 'another order'}"
        return f"{self.name}: {self.before} -> {self.after}"


def configuration(contract: Contract, settings: Settings, snapshot_mode: SnapshotMode) -> dict[str, str]:
    """`contract` is the part of it that the database has."""
    return {
        **FIXED,
        **_database(settings),
        **_signals(settings),
        "topic.prefix": settings.topic_prefix,
        "slot.name": settings.slot_name,
        "publication.name": settings.publication,
        "snapshot.mode": snapshot_mode,
        "table.include.list": ",".join(published(contract)),
        "column.include.list": ",".join(captured_columns(contract)),
        # 10 ms: commit to kafka in 12-19 ms, and 10 % of a core when idle; 25 ms: 5 %, for up to 15 ms more
        "poll.interval.ms": str(round(settings.poll_seconds * 1000)),
        "heartbeat.interval.ms": str(round(settings.heartbeat_seconds * 1000)),
        "heartbeat.action.query": HEARTBEAT_QUERY,
        "topic.heartbeat.prefix": f"{settings.topic_prefix}-heartbeat",
        "notification.sink.topic.name": notification_topic(settings),
    }


def captured_columns(contract: Contract) -> Iterator[str]:
    """`schema.table.column` of all that may leave the connector."""
    for table in contract.tables.values():
        yield from (f"{contract.schema_name}.{table.name}.{column}" for column in table.sources)
    yield from (f"{CAPTURE_SCHEMA}.heartbeat.{column}" for column in HEARTBEAT_COLUMNS)
    yield from (f"{CAPTURE_SCHEMA}.signal.{column}" for column in SIGNAL_COLUMNS)


def _database(settings: Settings) -> dict[str, str]:
    assert settings.postgres_dsn is not None
    parts = conninfo_to_dict(settings.postgres_dsn.get_secret_value())
    plain = settings.connector_password.get_secret_value() if settings.connector_password else ""
    return {
        "database.hostname": settings.connector_postgres_host or str(parts.get("host") or "localhost"),
        "database.port": str(settings.connector_postgres_port or parts.get("port") or 5432),
        "database.dbname": str(parts.get("dbname") or parts.get("user") or "postgres"),
        "database.user": settings.connector_user,
        "database.password": settings.connector_password_reference or plain,
        "database.sslmode": settings.connector_postgres_sslmode,
        "database.tcpKeepAlive": "true",
    }


def _signals(settings: Settings) -> dict[str, str]:
    """Signals by table and by topic; a topic behind SASL needs credentials of its own, and is left out without them."""
    config = {"signal.data.collection": f"{CAPTURE_SCHEMA}.signal", "signal.enabled.channels": "source"}
    if settings.kafka_sasl_mechanism and not settings.connector_kafka_jaas_reference:
        return config
    security = {
        "security.protocol": settings.kafka_security_protocol,
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.jaas.config": settings.connector_kafka_jaas_reference,
    }
    return {
        **config,
        "signal.enabled.channels": "source,kafka",
        "signal.kafka.topic": signal_topic(settings),
        "signal.kafka.bootstrap.servers": settings.connector_kafka_bootstrap or settings.kafka_bootstrap or "",
        "signal.kafka.groupId": f"{settings.connector_name}-signals",
        # the defaults (100 ms every 5 s) take half a minute until the first signal after a start is read
        "signal.kafka.poll.timeout.ms": "500",
        "signal.poll.interval.ms": "1000",
        **{f"signal.consumer.{name}": value for name, value in security.items() if value},
    }


def warnings(settings: Settings) -> Iterator[str]:
    """What works but should not stay in production."""
    if not settings.connector_password_reference:
        yield (
            "the connector's configuration holds its password itself; set TECHHUB_CONNECTOR_PASSWORD_REFERENCE "
            "(${file:/path/connector.properties:password}) so that connect reads it from a file"
        )
    if settings.kafka_sasl_mechanism and not settings.connector_kafka_jaas_reference:
        yield "signals by topic are off: set TECHHUB_CONNECTOR_KAFKA_JAAS_REFERENCE so that the connector may read them"


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    names = sorted((before.keys() | after.keys()) - {"name"})
    changed = (name for name in names if before.get(name) != after.get(name))
    return tuple(Change(name, mask(name, before.get(name)), mask(name, after.get(name))) for name in changed)


def mask(name: str, value: str | None) -> str | None:
    """A reference says where a secret is, not what it is: it stays."""
    return "****" if value and SECRET.search(name) and not REFERENCE.match(value) else value
