"""Faust's transport, bent in four places by settings and overrides.

* `PerPartition` (a scheduling strategy) and `Whole` (a topic schema): one Faust event per fetched partition batch
  instead of one per record, 3 us a record instead of 55.
* `Consumer.seek_to_committed` is where Faust decides where to read; every assignment goes through it, sometimes twice.
  The engine decides instead, by the watermarks in ClickHouse.
* `NoTables` does not wait for tables.

The names are private ones of faust-streaming 0.15.3: `tests/streams/test_faust_contract.py` watches them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from faust.serializers.schemas import Schema
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP

from streams.agents.consumer import FaustConsumer


class Batch:
    """Looks like one record, the last of the batch; its value is the list of records."""

    __slots__ = ("offset", "partition", "timestamp", "timestamp_type", "topic", "value")
    headers = ()
    key = None
    checksum = None
    serialized_key_size = 0
    serialized_value_size = 0

    def __init__(self, records: Sequence[Any]) -> None:
        last = records[-1]
        self.value = records
        self.topic, self.partition, self.offset = last.topic, last.partition, last.offset
        self.timestamp, self.timestamp_type = last.timestamp, last.timestamp_type


class PerPartition(DefaultSchedulingStrategy):
    def iterate(self, records: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Batch]]:
        return ((partition, Batch(found)) for partition, found in records.items() if found)


class Whole(Schema[Any, Any]):
    """Hands the batch through; the contract's decoders read its records."""

    def loads_key(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> None:
        return None

    def loads_value(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:
        return message.value


class Consumer(driver.Consumer):
    async def seek_to_committed(self) -> Mapping[TP, int]:
        app: Any = self.app
        await app.engine.assigned(FaustConsumer(self, app.engine.settings))
        return {}


class Transport(driver.Transport):
    Consumer = Consumer


class NoTables(TableManager):
    """Faust waits a second for the tables of an app; state is in ClickHouse, so there are none."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()
