"""A table that holds less than was claimed of a partition is found in the database itself."""

import asyncio
from datetime import UTC, datetime

from schemas.rows import Partition
from schemas.settings import Settings
from sinks.clickhouse import ClickHouse, Client, connect
from sinks.migrate import migrate
from streams.agents.restored import fallen_back

TOPIC = "techhub.public.core_city"
FIRST, SECOND = Partition(TOPIC, 0), Partition(TOPIC, 1)
META = ["id", "_topic", "_partition", "_version", "_lsn", "_committed_at", "_deleted"]


def city(client: Client, partition: Partition, version: int, deleted: int = 0) -> None:
    row = [version, partition.topic, partition.number, version, 0, datetime(2026, 3, 1, tzinfo=UTC), deleted]
    client.insert("core_city", [row], column_names=META)


def claim(client: Client, partition: Partition, table: str, height: int) -> None:
    row = [partition.topic, partition.number, table, height]
    client.insert("heights", [row], column_names=["topic", "partition", "table", "height"])


def found(settings: Settings) -> dict[Partition, list[str]]:
    async def look() -> dict[Partition, list[str]]:
        sink = await ClickHouse.open(settings)
        try:
            return await fallen_back(sink, [FIRST, SECOND])
        finally:
            await sink.close()

    return asyncio.run(look())


def test_less_than_the_highest_claim_is_found_by_partition_and_table(settings: Settings) -> None:
    migrate(settings)
    with connect(settings) as client:
        assert found(settings) == {}
        city(client, FIRST, 7)
        # a tombstone is a row that was written
        city(client, SECOND, 9, deleted=1)
        for partition, height in ((FIRST, 3), (FIRST, 7), (SECOND, 9)):
            claim(client, partition, "core_city", height)
        assert found(settings) == {}
        claim(client, FIRST, "core_city", 8)
        claim(client, SECOND, "activity_1m", 5)
        assert found(settings) == {FIRST: ["core_city"], SECOND: ["activity_1m"]}
    with connect(settings, None) as server:
        server.command(f"DROP DATABASE `{settings.clickhouse_database}`")
