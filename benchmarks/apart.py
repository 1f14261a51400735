"""A pipeline of its own on a stack that is there: names that nothing else has, and their end."""

import uuid
from collections.abc import Collection

from confluent_kafka.admin import AdminClient

from connectors.kafka import kafka_config
from schemas.settings import Settings
from sinks.clickhouse import connect


def apart(settings: Settings) -> Settings:
    """The same addresses, with other topics, group, database and capture."""
    mark = f"bench{uuid.uuid4().hex[:8]}"
    names = (
        "topic_prefix", "group", "worker_id", "clickhouse_database", "connector_name", "slot_name", "publication",
    )  # fmt: skip
    return settings.model_copy(update=dict.fromkeys(names, mark))


def discard(settings: Settings, topics: Collection[str]) -> None:
    """The topics, and the database with all that is in it; capture has ended before."""
    admin = AdminClient(kafka_config(settings))
    for future in admin.delete_topics(list(topics)).values():
        future.result(30)
    with connect(settings, None) as client:
        client.command(f"DROP DATABASE IF EXISTS {settings.clickhouse_database}")
