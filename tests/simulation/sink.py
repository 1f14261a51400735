"""The model of ClickHouse: it keeps the highest version of each key, and a request may be cut, or applied without an
answer. When a request happens, and whether it does, the scenario decides.
"""

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.rows import Partition, Row, RowTable
from sinks.clickhouse import SinkUnavailable

IGNORED: Final = frozenset({"worker_events", "heartbeats"})


@dataclass(slots=True)
class Operation:
    """A request that was sent."""

    link: "Link"
    future: asyncio.Future[Any]
    table: str
    rows: list[Row] = field(default_factory=list)
    read: Callable[[], Any] | None = None

    def answer(self, found: Any = None, error: SinkUnavailable | None = None) -> None:
        if self.link.paused:
            self.link.held.append((self, found, error))
        elif not self.future.done():
            if error is None:
                self.future.set_result(found)
            else:
                self.future.set_exception(error)


class Shape:
    """Positions of a table's columns."""

    def __init__(self, table: RowTable) -> None:
        self.columns = table.columns
        self.key = tuple(table.columns.index(name) for name in dict.fromkeys((*table.key, *table.owner)))
        self.topic, self.number = (table.columns.index(name) for name in table.owner)
        self.version = table.columns.index(table.version)
        self.deleted = table.columns.index("_deleted") if "_deleted" in table.columns else None
        self.content = tuple(i for i, name in enumerate(table.columns) if name not in ("source_id", "heights"))
        """What rows of one version must agree in; whether a worker has heard the source's id yet may differ, and what
        it knows of rows that another had written before its watermark."""

    def same(self, old: Row, new: Row) -> bool:
        return old == new or all(old[i] == new[i] for i in self.content)


class Link:
    """A worker's connection. While the worker is paused nothing leaves it, and answers wait for it; once it is dead,
    only what it has sent may still happen."""

    def __init__(self, sink: "ModelSink") -> None:
        self.sink = sink
        self.paused = False
        self.dead = False
        self.held: list[tuple[Operation, Any, SinkUnavailable | None]] = []
        self.outbox: list[Operation] = []

    def wake(self) -> None:
        self.paused = False
        self.sink.pending += self.outbox
        self.outbox.clear()
        for operation, found, error in self.held:
            operation.answer(found, error)
        self.held.clear()

    def send(self, operation: Operation) -> asyncio.Future[Any]:
        if not self.dead:
            (self.outbox if self.paused else self.sink.pending).append(operation)
        return operation.future

    async def insert(self, table: str, columns: Sequence[str], data: Sequence[Sequence[Any]]) -> None:
        if table in IGNORED:
            return
        assert tuple(columns) == self.sink.shapes[table].columns
        future = asyncio.get_running_loop().create_future()
        await self.send(Operation(self, future, table, list(zip(*data, strict=True))))

    async def newest(
        self, table: RowTable, columns: Sequence[str], partitions: Collection[Partition]
    ) -> dict[Partition, list[Row]]:
        found: dict[Partition, list[Row]] = {partition: [] for partition in partitions}
        for row in await self.ask(table, columns, partitions, None):
            found[Partition(row[0], row[1])].append(row[2:])
        return found

    async def stored(
        self,
        table: RowTable,
        columns: Sequence[str],
        partitions: Collection[Partition],
        since: Mapping[str, int] | None = None,
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        yield list(zip(*await self.ask(table, columns, partitions, since), strict=True))

    async def ask(
        self,
        table: RowTable,
        columns: Sequence[str],
        partitions: Collection[Partition],
        since: Mapping[str, int] | None,
    ) -> list[Row]:
        """Rows, with topic and partition's number first."""
        future = asyncio.get_running_loop().create_future()
        found: list[Row] = await self.send(
            Operation(self, future, table.name, read=lambda: self.sink.read(table.name, columns, partitions, since))
        )
        return found

    async def highest(self, tables: Collection[str], topics: Collection[str]) -> dict[tuple[Partition, str], int]:
        future = asyncio.get_running_loop().create_future()
        found: dict[tuple[Partition, str], int] = await self.send(
            Operation(self, future, "heights", read=lambda: self.sink.heights(tables, topics))
        )
        return found

    async def started(self, worker: str) -> int:
        return 0

    async def command(self, sql: str) -> None:
        raise AssertionError(f"no statement is expected: {sql}")


Tables = dict[str, dict[Any, Row]]


class ModelSink:
    """Equal versions must carry equal content."""

    def __init__(self, tables: Mapping[str, RowTable], order: Sequence[Sequence[str]]) -> None:
        self.shapes = {name: Shape(table) for name, table in tables.items()}
        self.order = order
        """Tables in the order in which a backup takes them."""
        self.rows: Tables = {name: {} for name in tables}
        self.pending: list[Operation] = []
        self.healthy = False
        self.hide_tombstones = False
        self.stages: list[Tables] = []
        self.backup: Tables | None = None
        self.cut: set[tuple[str, str]] = set()
        """Inserts, by table and rows, of which only a part is there, which ClickHouse does not do with one block."""
        self.taken_whole, self.whole = True, True
        """Whether no table of the backup was taken while it had a part of an insert: its height says nothing then."""
        self.count: Counter[str] = Counter()
        self.arrived: Callable[[str, Row], None] = lambda table, row: None

    def read(
        self, name: str, columns: Sequence[str], partitions: Collection[Partition], since: Mapping[str, int] | None
    ) -> list[Row]:
        shape = self.shapes[name]
        wanted = [shape.topic, shape.number, *(shape.columns.index(column) for column in columns)]
        hidden = shape.deleted if self.hide_tombstones else None
        owned = {(partition.topic, partition.number) for partition in partitions}
        found = []
        for row in self.rows[name].values():
            if (row[shape.topic], row[shape.number]) not in owned or (
                since is not None and row[0] < since[row[shape.topic]]
            ):
                continue
            if hidden is None or not row[hidden]:
                found.append(tuple([row[i] for i in wanted]))
        return found

    def heights(self, tables: Collection[str], topics: Collection[str]) -> dict[tuple[Partition, str], int]:
        found: dict[tuple[Partition, str], int] = {}
        for table in tables:
            shape = self.shapes[table]
            for row in self.rows[table].values():
                place = Partition(row[shape.topic], row[shape.number]), table
                if row[shape.topic] in topics:
                    found[place] = max(row[shape.version], found.get(place, 0))
        return found

    def step(self, draw: int) -> bool:
        """One request happens: whole and answered, or cut, lost, or applied without an answer."""
        self.pending = [op for op in self.pending if op.rows or not op.future.done()]
        if not self.pending:
            return False
        draw, index = divmod(draw, len(self.pending))
        operation = self.pending.pop(index)
        if operation.read is not None:
            operation.answer(operation.read())
            return True
        luck = 16 if self.healthy else draw % 16
        if luck == 0:
            self.cut.add((operation.table, repr(operation.rows)))
        elif self.cut:
            self.cut.discard((operation.table, repr(operation.rows)))
        for row in operation.rows:
            if luck or zlib.crc32(repr(row).encode()) % 2:
                self.put(operation.table, row)
        if luck > 1:
            operation.answer()
        else:
            self.count["cut inserts" if luck == 0 else "lost answers"] += 1
            operation.answer(error=SinkUnavailable("cut"))
        return True

    def put(self, name: str, row: Row) -> None:
        shape = self.shapes[name]
        key = tuple([row[i] for i in shape.key])
        old = self.rows[name].get(key)
        if old is not None and old[shape.version] >= row[shape.version]:
            if old[shape.version] == row[shape.version]:
                assert shape.same(old, row), f"{name}: one version, two rows: {old} {row}"
            return
        self.rows[name][key] = row
        self.arrived(name, row)

    def back_up(self) -> None:
        """The next group of tables; one backup is ready when all are taken."""
        names = self.order[len(self.stages)]
        whole = not any(table in names for table, _ in self.cut)
        self.taken_whole = whole and (self.taken_whole or not self.stages)
        self.stages.append({name: dict(self.rows[name]) for name in names})
        if len(self.stages) == len(self.order):
            self.backup = {name: rows for stage in self.stages for name, rows in stage.items()}
            self.whole = self.taken_whole
            self.stages = []

    def restore(self, kept: Collection[str] = ()) -> bool:
        """But those that are kept as they are. Workers must be stopped; requests that were under way are gone with the
        server."""
        if self.backup is None:
            return False
        self.rows = {name: rows if name in kept else dict(self.backup[name]) for name, rows in self.rows.items()}
        self.pending.clear()
        self.stages = []
        return True
