"""Who reads in a consumer group: the live members, by the id under which they joined."""

from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.errors import Unreachable
from connectors.kafka import REQUEST_SECONDS, kafka_config, require_broker
from schemas.settings import Settings


def members(settings: Settings, group: str) -> tuple[str, ...]:
    """Client ids of the members; a static member that ended stays one until its session is over (10 s)."""
    require_broker(settings)
    try:
        admin = AdminClient(kafka_config(settings))
        future: Any = admin.describe_consumer_groups([group], request_timeout=REQUEST_SECONDS)[group]
        found = future.result(REQUEST_SECONDS + 5)
    except (KafkaException, TimeoutError) as error:
        raise Unreachable(f"kafka did not describe group {group}: {error}; check TECHHUB_KAFKA_BOOTSTRAP") from None
    return tuple(sorted(str(member.client_id) for member in found.members))
