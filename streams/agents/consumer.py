"""What the engine asks of its consumer, and Faust's consumer behind it.

The engine speaks of partitions and offsets only, so that the simulation can give it a model of Kafka.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from aiokafka.errors import IllegalStateError, KafkaError
from faust.types import TP

from connectors import topics
from connectors.errors import Unreachable
from schemas.rows import Partition
from schemas.settings import Settings

log = logging.getLogger("techhub.consumer")


class Consumer(Protocol):
    """Questions raise `Unreachable` while Kafka is away."""

    def assignment(self) -> set[Partition]: ...

    def pause(self, partitions: Collection[Partition]) -> None: ...

    def resume(self, partitions: Collection[Partition]) -> None: ...

    async def seek(self, positions: Mapping[Partition, int]) -> None: ...

    async def first(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """The log's beginning."""

    async def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """The offset that the next record will get."""

    async def identities(self, names: Collection[str]) -> Mapping[str, topics.Identity]:
        """Of those topics that exist."""

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Advisory, for tools that show lag."""

    def member_name(self) -> str:
        """What the broker calls this member of the group; '' while it has not joined."""


class FaustConsumer:
    """`Consumer` over the one that Faust has made."""

    def __init__(self, consumer: Any, settings: Settings) -> None:
        self.consumer = consumer
        self.settings = settings

    def assignment(self) -> set[Partition]:
        return {Partition(*tp) for tp in self.consumer.assignment()}

    def pause(self, partitions: Collection[Partition]) -> None:
        self.consumer.pause_partitions(tps(partitions))

    def resume(self, partitions: Collection[Partition]) -> None:
        self.consumer.resume_partitions(tps(partitions))

    async def seek(self, positions: Mapping[Partition, int]) -> None:
        """`seek_wait` runs in the consumer's thread; `Consumer.seek` does not and can crash the fetcher."""
        try:
            await self.consumer.seek_wait({TP(p.topic, p.number): offset for p, offset in positions.items()})
        except IllegalStateError:
            log.info("an assignment changed during a seek; it is done again")

    async def first(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return await self.asked(self.consumer.earliest_offsets, partitions)

    async def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return await self.asked(self.consumer.highwaters, partitions)

    async def asked(self, question: Any, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        try:
            found = await question(*tps(partitions))
        except KafkaError as error:
            raise Unreachable(f"kafka: {error}") from error
        return {Partition(*tp): offset for tp, offset in found.items()}

    async def identities(self, names: Collection[str]) -> Mapping[str, topics.Identity]:
        return await asyncio.to_thread(topics.identities, self.settings, set(names))

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        try:
            await self.consumer._commit({TP(p.topic, p.number): offset for p, offset in offsets.items()})
        except (KafkaError, IllegalStateError) as error:
            log.debug("commit: %s", error)

    def member_name(self) -> str:
        consumer = self.consumer._thread._consumer
        return str(consumer._coordinator.member_id) if consumer is not None else ""


def tps(partitions: Collection[Partition]) -> set[TP]:
    return {TP(partition.topic, partition.number) for partition in partitions}
