"""The state of a worker, written to a real engine and loaded back by the next worker: the same as in memory."""

import asyncio

from schemas.change import Change
from schemas.contract import load_contract
from schemas.rows import WATERMARKS, Partition, RowTable, Staged
from schemas.settings import Settings
from sinks.asynchronous import ClickHouse
from sinks.migrate import migrate
from streams.agents.loading import load
from streams.dead_letters import DeadLetterLimit
from streams.fold import TableFold
from streams.measures import HOUR, minute_of
from streams.plan import plans
from streams.stored import Stored, watermark_row
from tests.streams.log import LIFECYCLES, START, change

PLAN = LIFECYCLES["service_servicerequest"]
LOG = [
    change(PLAN, 0, "create", 1, 10, START, status="sent", service_id="A", assignee_id=7),
    change(PLAN, 1, "create", 2, 20, START, status="odd", service_id="B"),
    change(PLAN, 2, "update", 1, 30, START + 1, status="approved", service_id="A"),
    change(PLAN, 3, "delete", 2, 40, START + 2),
    change(PLAN, 4, "create", 3, 50, START + 3, status="draft", service_id="A"),
]


def moved(entry: Change, key: int) -> Change:
    """The change of a row with another key."""
    values = None if entry.values is None else (key, *entry.values[1:])
    return Change(entry.offset, entry.operation, key, entry.lsn, entry.committed_at, values)


async def write(sink: ClickHouse, staged: Staged) -> None:
    for phase in (staged.first, staged.second):
        for table, rows in phase.items():
            await insert(sink, table, list(rows.values()))


async def insert(sink: ClickHouse, table: RowTable, rows: list[tuple[object, ...]]) -> None:
    await sink.insert(table.name, table.columns, list(zip(*rows, strict=True)))


async def written_and_loaded(settings: Settings) -> tuple[list[TableFold], dict[Partition, Stored]]:
    """Two partitions with the same log, each flush an insert of its own; and the whole contract is loaded."""
    sink = await ClickHouse.open(settings)
    every = plans(load_contract(), settings)
    folds = [TableFold(PLAN.table, Partition(PLAN.topic, number)) for number in range(2)]
    try:
        for made in folds:
            for entry in LOG:
                made.fold([moved(entry, 10 * entry.key + made.partition.number)], entry.offset + 1)
                await write(sink, made.take())
        wanted = [Partition(topic, number) for topic, plan in every.items() for number in range(plan.partitions)]
        return folds, await load(sink, every, wanted, DeadLetterLimit())
    finally:
        await sink.close()


def test_a_worker_that_loads_has_the_memory_of_the_one_that_wrote(settings: Settings) -> None:
    migrate(settings)
    folds, stored = asyncio.run(written_and_loaded(settings))
    for made in folds:
        found = stored[made.partition]
        assert found.highest == len(LOG)
        assert found.fold.mirror == made.mirror
        assert found.fold.entities == made.entities
        assert {n: m.rows for n, m in found.fold.measures.items()} == {n: m.rows for n, m in made.measures.items()}
        assert found.fold.entity_issues.rows == made.entity_issues.rows
    assert stored[Partition(PLAN.topic, 2)].fold.mirror == {}


async def minutes_loaded(settings: Settings, folds: list[TableFold]) -> list[set[int]]:
    """The folds are written with their watermarks and loaded again; the minutes that are in memory then, of each."""
    sink = await ClickHouse.open(settings)
    every = plans(load_contract(), settings)
    try:
        for made in folds:
            staged, plan = made.take(), every[made.partition.topic]
            await write(sink, staged)
            await insert(sink, WATERMARKS, [watermark_row(made.partition, staged.watermark, plan, "", "")])
        stored = await load(sink, every, [made.partition for made in folds], DeadLetterLimit())
        return [{key[0] for key in stored[made.partition].fold.measures["activity_1m"].rows} for made in folds]
    finally:
        await sink.close()


def test_a_table_without_changes_does_not_bring_the_old_minutes_of_others_into_memory(settings: Settings) -> None:
    migrate(settings)
    busy, idle = (TableFold(plan.table, Partition(plan.topic, 0)) for plan in (PLAN, LIFECYCLES["core_blog"]))
    for plan, made in ((PLAN, busy), (LIFECYCLES["core_blog"], idle)):
        made.fold([change(plan, 0, "create", 1, 10, START, status="draft")], 1)
    busy.fold([change(PLAN, 1, "update", 1, 20, START + 100 * HOUR, status="sent")], 2)
    assert asyncio.run(minutes_loaded(settings, [busy, idle])) == [
        {minute_of(START + 100 * HOUR)}, {minute_of(START)},
    ]  # fmt: skip
