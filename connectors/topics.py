"""The topics that capture writes, made before the connector: with their partitions and, for tables, for ever.

Flows in: contract and settings. Flows out: topics in Kafka, as declared here; a second run changes nothing. The number
of partitions is never changed: positions in ClickHouse are by partition, so another number means a rebuild.
"""

from collections.abc import Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from connectors.errors import Refused, Unreachable
from connectors.kafka import REQUEST_SECONDS, kafka_config, require_broker
from schemas.contract import Contract
from schemas.settings import Settings

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""A row over 1 MB does not fit Kafka's default and would stop the connector."""

WEEK: Final = 7 * 24 * 3600 * 1000
FOREVER: Final = {"retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": str(MAX_MESSAGE_BYTES)}
"""The log is small, and a rebuild replays it from its beginning."""
FOR_A_WEEK: Final = {"retention.ms": str(WEEK), "retention.bytes": "-1"}


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    partitions: int
    config: dict[str, str]


def heartbeat_topic(settings: Settings) -> str:
    return f"{settings.topic_prefix}.cdc.heartbeat"


def signal_topic(settings: Settings) -> str:
    return f"{settings.topic_prefix}-signals"


def notification_topic(settings: Settings) -> str:
    return f"{settings.topic_prefix}-notifications"


def declared(contract: Contract, settings: Settings) -> tuple[Topic, ...]:
    """One topic for each table of the contract, optional ones too, and our own."""
    prefix = settings.topic_prefix
    internal = (
        f"{prefix}.cdc.signal",
        f"{prefix}-heartbeat.{prefix}",
        signal_topic(settings),
        notification_topic(settings),
    )
    return (
        *(Topic(contract.topic(prefix, table.name), table.partitions, FOREVER) for table in contract.tables.values()),
        Topic(heartbeat_topic(settings), 1, FOR_A_WEEK),
        *(Topic(name, 1, FOR_A_WEEK) for name in internal),
    )


def ensure(settings: Settings, topics: Iterable[Topic]) -> tuple[str, ...]:
    """Makes what is missing and corrects retention; the names of topics made or changed."""
    wanted = {topic.name: topic for topic in topics}
    admin = _admin(settings)
    found = _partitions(admin, wanted)
    wrong = [
        f"topic {name} has {found[name]} partitions, the contract says {topic.partitions}: positions are kept by "
        "partition, so a change needs a rebuild; correct the contract, or rebuild"
        for name, topic in wanted.items()
        if name in found and found[name] != topic.partitions
    ]
    if wrong:
        raise Refused("\n".join(wrong))
    missing = [topic for name, topic in wanted.items() if name not in found]
    _create(admin, missing, settings.replication_factor)
    changed = _correct(admin, [topic for name, topic in wanted.items() if name in found])
    return (*(topic.name for topic in missing), *changed)


def partitions(settings: Settings, topics: Collection[str]) -> dict[str, int]:
    """Number of partitions of those topics that exist."""
    return _partitions(_admin(settings), topics)


@dataclass(frozen=True, slots=True)
class Described:
    """A topic as it is: `copies` of its least replicated partition, and its configuration."""

    partitions: int
    copies: int
    config: dict[str, str]


def described(settings: Settings, topics: Collection[str]) -> dict[str, Described]:
    """Of those topics that exist."""
    admin = _admin(settings)
    found = _describe(admin, topics)
    config = _configuration(admin, found)
    return {
        name: Described(len(topic.partitions), min(len(part.replicas) for part in topic.partitions), config[name])
        for name, topic in found.items()
    }


def ends(settings: Settings, topics: Collection[str]) -> dict[tuple[str, int], int]:
    """The log's end, the offset of the next record, of each partition of those topics that exist."""
    admin = _admin(settings)
    latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = {
        TopicPartition(name, number): latest
        for name, count in _partitions(admin, topics).items()
        for number in range(count)
    }
    answers = admin.list_offsets(asked, request_timeout=REQUEST_SECONDS) if asked else {}
    return {(tp.topic, tp.partition): _result(future, tp.topic).offset for tp, future in answers.items()}


@dataclass(frozen=True, slots=True)
class Identity:
    """Kafka's id of a topic, which is another one when the topic was deleted and made anew, and its partitions."""

    topic_id: str
    partitions: int


def identities(settings: Settings, topics: Collection[str]) -> dict[str, Identity]:
    """Of those topics that exist."""
    found = _describe(_admin(settings), topics).items()
    return {name: Identity(str(each.topic_id), len(each.partitions)) for name, each in found}


def _admin(settings: Settings) -> AdminClient:
    require_broker(settings)
    try:
        return AdminClient(kafka_config(settings))
    except KafkaException as error:
        reason = error.args[0].str()
        raise Refused(
            f"the kafka client refuses its settings: {reason}; check TECHHUB_KAFKA_SECURITY_PROTOCOL and after"
        ) from None


def _partitions(admin: AdminClient, topics: Collection[str]) -> dict[str, int]:
    return {name: len(found.partitions) for name, found in _describe(admin, topics).items()}


def _describe(admin: AdminClient, topics: Collection[str]) -> dict[str, Any]:
    found = {}
    for name, future in admin.describe_topics(TopicCollection(list(topics)), request_timeout=REQUEST_SECONDS).items():
        try:
            found[name] = _result(future, f"topic {name}")
        except _Absent:
            continue
    return found


def _create(admin: AdminClient, topics: list[Topic], replication: int) -> None:
    if not topics:
        return
    # with three copies one broker may be away; with fewer nothing is gained by waiting for a second one
    durable = {"min.insync.replicas": str(max(1, replication - 1))}
    new = [NewTopic(t.name, t.partitions, replication, config={**t.config, **durable}) for t in topics]
    for name, future in admin.create_topics(new, request_timeout=REQUEST_SECONDS).items():
        _result(future, f"topic {name}", tolerate=KafkaError.TOPIC_ALREADY_EXISTS)


def _correct(admin: AdminClient, topics: list[Topic]) -> tuple[str, ...]:
    current = _configuration(admin, [topic.name for topic in topics])
    changes = []
    for topic in topics:
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in topic.config.items()
            if current[topic.name][name] != value
        ]
        if entries:
            changes.append(ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=entries))
    if changes:
        for resource, future in admin.incremental_alter_configs(changes, request_timeout=REQUEST_SECONDS).items():
            _result(future, f"topic {resource.name}")
    return tuple(change.name for change in changes)


def _configuration(admin: AdminClient, topics: Collection[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
    if not resources:
        return {}
    asked = admin.describe_configs(resources, request_timeout=REQUEST_SECONDS)
    return {
        resource.name: {name: entry.value for name, entry in _result(future, f"topic {resource.name}").items()}
        for resource, future in asked.items()
    }


class _Absent(Refused):
    """A topic that does not exist."""


def _result(future: "Future[Any]", what: str, tolerate: int | None = None) -> Any:
    try:
        return future.result(REQUEST_SECONDS + 5)
    except TimeoutError:
        raise Unreachable("kafka did not answer in time; check TECHHUB_KAFKA_BOOTSTRAP") from None
    except KafkaException as error:
        reason = error.args[0]
        if reason.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise _Absent(f"{what} does not exist; run `techhub-cdc connectors apply`") from None
        if reason.code() == tolerate:
            return None
        if reason.code() in (KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
            raise Unreachable("kafka cannot be reached; check TECHHUB_KAFKA_BOOTSTRAP") from None
        raise Refused(f"{what}: kafka refused: {reason.str()}") from None
