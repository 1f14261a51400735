"""Models around the real fold, loading and writer: a source with its log, and a sink that keeps the highest version."""

import asyncio
import random
import selectors
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.change import Change
from schemas.rows import Partition, Row, RowTable
from sinks.clickhouse import SinkUnavailable


class VirtualSelector(selectors.DefaultSelector):
    """Nothing ever happens outside: waiting is a jump of the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without real time, so that a seed decides everything."""

    def __init__(self) -> None:
        self.virtual = VirtualSelector()
        super().__init__(self.virtual)

    def time(self) -> float:
        return self.virtual.now


@dataclass(slots=True)
class Operation:
    """A request that reached the sink, or will: the simulation decides when, whether whole and whether answered."""

    future: asyncio.Future[Any]
    table: str
    rows: list[Row] = field(default_factory=list)
    read: Any = None


class ModelSink:
    """Tables by name: (key, version) -> row. Equal versions must carry equal content."""

    def __init__(self, tables: Mapping[str, RowTable], rnd: random.Random) -> None:
        self.tables = tables
        self.rnd = rnd
        self.rows: dict[str, dict[Any, Row]] = defaultdict(dict)
        self.pending: list[Operation] = []
        self.healthy = False
        self.hide_tombstones = False

    async def insert(self, table: str, columns: Sequence[str], data: Sequence[Sequence[Any]]) -> None:
        operation = Operation(asyncio.get_running_loop().create_future(), table, list(zip(*data, strict=True)))
        assert tuple(columns) == self.tables[table].columns
        self.pending.append(operation)
        await operation.future

    async def newest(
        self, table: RowTable, columns: Sequence[str], topic: str, partitions: Sequence[int], since: int = 0
    ) -> dict[int, list[Row]]:
        future = asyncio.get_running_loop().create_future()
        self.pending.append(
            Operation(future, table.name, read=lambda: self.read(table, columns, topic, partitions, since))
        )
        found: dict[int, list[Row]] = await future
        return found

    def read(
        self, table: RowTable, columns: Sequence[str], topic: str, partitions: Sequence[int], since: int
    ) -> dict[int, list[Row]]:
        full = self.tables[table.name].columns
        owner, number = full.index(table.owner[0]), full.index(table.owner[1])
        wanted = [full.index(name) for name in columns]
        found: dict[int, list[Row]] = {partition: [] for partition in partitions}
        for row in self.rows[table.name].values():
            if row[owner] == topic and row[number] in found:
                if self.hide_tombstones and "_deleted" in full and row[full.index("_deleted")]:
                    continue
                if since and row[0] < since:
                    continue
                found[row[number]].append(tuple([row[i] for i in wanted]))
        return found

    def step(self) -> bool:
        """One operation happens: whole and answered, or cut, lost, or applied without an answer."""
        self.pending = [op for op in self.pending if op.rows or not op.future.done()]
        if not self.pending:
            return False
        operation = self.pending.pop(self.rnd.randrange(len(self.pending)))
        luck = 1.0 if self.healthy else self.rnd.random()
        if operation.read is not None:
            if not operation.future.done():
                operation.future.set_result(operation.read())
            return True
        whole = luck > 0.06
        for row in operation.rows:
            if whole or self.rnd.random() < 0.5:
                self.put(operation.table, row)
        if not operation.future.done():
            if luck > 0.12:
                operation.future.set_result(None)
            else:
                operation.future.set_exception(SinkUnavailable("cut"))
        return True

    def put(self, name: str, row: Row) -> None:
        table = self.tables[name]
        columns = table.columns
        key = tuple([row[columns.index(part)] for part in dict.fromkeys((*table.key, *table.owner))])
        version = columns.index(table.version)
        old = self.rows[name].get(key)
        assert old is None or old[version] != row[version] or old == row, (
            "same version, other content",
            name,
            old,
            row,
        )
        if old is None or row[version] > old[version]:
            self.rows[name][key] = row


@dataclass(frozen=True, slots=True)
class SourceChange:
    """One committed change of a row: `status` is None for a delete."""

    entity: int
    operation: str
    status: str | None
    service: str
    assignee: int | None
    lsn: int
    at: int


STATUSES = ("draft", "sent", "correction", "approved", "success", "rejected", "odd")


def history(rnd: random.Random) -> list[SourceChange]:
    """What the application committed, in commit order. Some inserts waited for a delete of their key: lower LSNs."""
    alive: dict[int, bool] = {}
    changes: list[SourceChange] = []
    for number in range(rnd.randint(5, 40)):
        last = changes[-1] if changes else None
        again = last is not None and last.status is None and rnd.random() < 0.5
        entity = last.entity if again and last is not None else rnd.randrange(5)
        lsn, at = 2 * number + 2, (number + 1) * rnd.choice((1_000_000, 1_200_000_000))
        at = max(at, last.at + 1 if last else 0)
        if alive.get(entity) and rnd.random() < 0.2:
            changes.append(SourceChange(entity, "delete", None, "", None, lsn, at))
            alive[entity] = False
            continue
        if again and last is not None and rnd.random() < 0.5:
            lsn = last.lsn - 1
        operation = "update" if alive.get(entity) else "create"
        alive[entity] = True
        service, assignee = rnd.choice(("A", "B")), rnd.choice((None, 7, 8))
        changes.append(SourceChange(entity, operation, rnd.choice(STATUSES), service, assignee, lsn, at))
    return changes


def values(change: SourceChange) -> tuple[Any, ...]:
    """In the contract's order of service_servicerequest."""
    return (change.entity, change.service, change.status, 1, None, change.assignee, None, None, None, None, 1, None)


def relay(changes: Sequence[SourceChange], partitions: int, rnd: random.Random) -> tuple[list[list[Change]], set[int]]:
    """The log by partition: rewinds after crashes send older changes again, snapshots read rows again.

    The first changes may have happened before capture: only the initial snapshot shows what they led to. Returns the
    positions in `changes` that the stream has seen.
    """
    logs: list[list[Change]] = [[] for _ in range(partitions)]

    def append(operation: str, change: SourceChange, lsn: int, at: int) -> None:
        log = logs[change.entity % partitions]
        row = None if operation == "delete" else values(change)
        log.append(Change(len(log), operation, change.entity, lsn, at, row))

    start = rnd.choice((0, 0, rnd.randint(0, len(changes) // 2)))
    now: dict[int, SourceChange] = {change.entity: change for change in changes[:start]}
    for change in now.values():
        if change.status is not None:
            append("read", change, 0, changes[start - 1].at)
    position = top = start
    while position < len(changes):
        change = changes[position]
        append(change.operation, change, change.lsn, change.at)
        position += 1
        if position > top:
            top, now[change.entity] = position, change
        if rnd.random() < 0.08:
            position = max(start, position - rnd.randint(1, 6))
        elif position == top and rnd.random() < 0.1:
            alive = [change for change in now.values() if change.status is not None]
            if alive:
                append("read", rnd.choice(alive), 0, changes[top - 1].at)
    return logs, set(range(start, len(changes)))


@dataclass(slots=True)
class World:
    partitions: list[Partition]
    logs: dict[Partition, list[Change]]
    changes: list[SourceChange]
    streamed: set[int]
