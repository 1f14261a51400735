"""A table that holds less than the watermark of a partition claims is found in the database itself."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from schemas.contract import load_contract
from schemas.rows import Partition, Watermark
from schemas.settings import Settings
from sinks.asynchronous import ClickHouse
from sinks.clickhouse import Client, connect
from sinks.migrate import migrate
from streams.agents.restored import claim, fallen_back, held
from streams.dead_letters import DeadLetterLimit, DeadLetters
from streams.fold import TableFold
from streams.plan import plans
from streams.stored import Stored

TOPIC = "techhub.public.core_city"
PLAN = plans(load_contract(), Settings())[TOPIC]
FIRST, SECOND = Partition(TOPIC, 0), Partition(TOPIC, 1)
META = ["id", "_topic", "_partition", "_version", "_lsn", "_committed_at", "_deleted"]
Claims = Mapping[Partition, Mapping[str, int]]


def city(client: Client, partition: Partition, version: int, deleted: int = 0) -> None:
    row = [version, partition.topic, partition.number, version, 0, datetime(2026, 3, 1, tzinfo=UTC), deleted]
    client.insert("core_city", [row], column_names=META)


def claiming(claims: Claims) -> dict[Partition, Stored]:
    """As the watermarks of the partitions were loaded."""
    stored = {p: Stored(TableFold(PLAN.table, p), DeadLetters(DeadLetterLimit())) for p in claims}
    for partition, heights in claims.items():
        stored[partition].fold.position(Watermark(20, heights=heights))
    return stored


def found(settings: Settings, claims: Claims) -> tuple[dict[Partition, list[str]], dict[Partition, dict[str, int]]]:
    """What has fallen back, and what is claimed from now on."""

    async def look() -> tuple[dict[Partition, list[str]], dict[Partition, dict[str, int]]]:
        sink, stored = await ClickHouse.open(settings), claiming(claims)
        try:
            heights = await held(sink, stored)
            fallen = fallen_back(stored, heights)
            claim(stored, heights)
            return fallen, {p: part.fold.heights for p, part in stored.items()}
        finally:
            await sink.close()

    return asyncio.run(look())


def test_less_than_the_claim_is_found_by_partition_and_table(settings: Settings) -> None:
    migrate(settings)
    with connect(settings) as client:
        assert found(settings, {FIRST: {}, SECOND: {}})[0] == {}
        city(client, FIRST, 7)
        # a tombstone is a row that was written
        city(client, SECOND, 9, deleted=1)
        # rows of a flush that was cut before its watermark are claimed from now on
        assert found(settings, {FIRST: {"core_city": 3}, SECOND: {"core_city": 9}}) == (
            {}, {FIRST: {"core_city": 7}, SECOND: {"core_city": 9}},
        )  # fmt: skip
        older = {FIRST: {"core_city": 8}, SECOND: {"core_city": 9, "activity_1m": 5}}
        assert found(settings, older)[0] == {FIRST: ["core_city"], SECOND: ["activity_1m"]}
    with connect(settings, None) as server:
        server.command(f"DROP DATABASE `{settings.clickhouse_database}`")
