"""Single records of a topic by their place: fetched as they lie in the log, and sent again to the same partition."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import KafkaException, Message, Producer, TopicPartition

from connectors.errors import Unreachable
from connectors.kafka import REQUEST_SECONDS, kafka_config, onlooker
from schemas.rows import Partition
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of a record. They hold values of a row: never print or log them unasked."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None


def fetch(settings: Settings, partition: Partition, offset: int) -> Record | None:
    """None where the log does not hold that offset; joins no group and commits nothing."""
    place = TopicPartition(partition.topic, partition.number, offset)
    with answered("give the record"), onlooker(settings, "records") as consumer:
        first, end = consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS) or (0, 0)
        if not first <= offset < end:
            return None
        consumer.assign([place])
        message = consumer.poll(REQUEST_SECONDS)
    if message is None or message.error() is not None:
        raise Unreachable(f"kafka did not give record {partition} offset {offset} in time")
    return Record(partition, offset, message.key(), message.value()) if message.offset() == offset else None


def send_again(settings: Settings, record: Record) -> int:
    """The same key and value to the same partition; the offset at which they lie now, once Kafka has them."""
    delivered: list[tuple[object, Message]] = []
    with answered("take the record"):
        producer = Producer(
            kafka_config(settings, **{"acks": "all", "message.timeout.ms": int(REQUEST_SECONDS * 1000)})
        )
        producer.produce(
            record.partition.topic,
            record.value,
            record.key,
            record.partition.number,
            on_delivery=lambda error, message: delivered.append((error, message)),
        )
        producer.flush(REQUEST_SECONDS)
    if not delivered or delivered[0][0] is not None:
        raise Unreachable(f"kafka did not take the record: {delivered[0][0] if delivered else 'no answer in time'}")
    offset = delivered[0][1].offset()
    assert offset is not None
    return offset


@contextmanager
def answered(what: str) -> Iterator[None]:
    try:
        yield
    except (KafkaException, BufferError) as error:
        raise Unreachable(f"kafka did not {what}: {error}; check TECHHUB_KAFKA_BOOTSTRAP") from None
