"""Every mirror against PostgreSQL row by row, and every stock against its sum over PostgreSQL, while load runs.

Flows in: the contract and both databases, read only. Flows out: `Reconciled`, the comparisons and what is left of them.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from ops.comparison import Comparison, summed
from ops.source import Source, source
from schemas.change import Change
from schemas.contract import Contract, Table
from schemas.errors import Problem, Unreachable
from schemas.rows import Row
from schemas.settings import Settings
from sinks.clickhouse import connect, plain
from sinks.mirror import mirror_columns
from streams.measures import Measure
from streams.plan import TopicPlan, plans

ROUNDS: Final = 30

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Reconciled:
    comparisons: tuple[Comparison, ...]
    seconds: float

    @property
    def exact(self) -> bool:
        return not any(comparison.found for comparison in self.comparisons)

    @property
    def moving(self) -> int:
        """Keys that the source changed faster than both sides could be read: neither equal nor different."""
        return sum(len(comparison.open) for comparison in self.comparisons)


class Mirror:
    """ClickHouse's side."""

    def __init__(self, settings: Settings) -> None:
        self.client = connect(settings)

    def select(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        return [tuple(row) for row in self.client.query(sql, parameters=dict(parameters or {})).result_rows]

    def rows(self, table: Table, keys: Collection[Any] | None) -> dict[Any, Row]:
        types = mirror_columns(table)
        chosen = ", ".join(plain(column.name, types[column.name]) for column in table.columns)
        where, parameters = "", {}
        if keys is not None:
            parts = [key if isinstance(key, tuple) else (key,) for key in keys]
            names = [f"`{name}`" for name in table.key]
            where = (
                f"WHERE ({', '.join(f'toString({name})' for name in names)}) IN ({{keys:Array({shape(len(names))})}})"
            )
            parameters = {"keys": [part if len(part) > 1 else part[0] for part in ([str(x) for x in p] for p in parts)]}
        sql = f"SELECT {chosen} FROM `{table.name}` FINAL {where}"  # noqa: S608 names of the contract
        return {Source.key(table, row): row for row in self.select(sql, parameters)}

    def partitions(self, table: Table, keys: Collection[Any]) -> dict[Any, int]:
        """The partition of the topic that each of these rows comes from."""
        types = mirror_columns(table)
        names = ", ".join(plain(name, types[name]) for name in table.key)
        wanted, found = set(keys), {}
        for *parts, number in self.select(f"SELECT {names}, _partition FROM `{table.name}` FINAL"):  # noqa: S608
            key = parts[0] if len(parts) == 1 else tuple(parts)
            if key in wanted:
                found[key] = number
        return found

    def stock(self, measure: Measure, topic: str) -> dict[Any, tuple[int, ...]]:
        """What the rows of one topic add up to: several tables may share a measure."""
        keys = ", ".join(plain(name, "DateTime") if name == "hour" else f"`{name}`" for name in measure.key)
        names = ", ".join(f"`{name}`" for name in measure.key)
        sums = ", ".join(f"toInt64(sum(m.`{name}`))" for name in measure.values)
        sql = f"SELECT {keys}, {sums} FROM `{measure.name}` AS m FINAL WHERE _topic = {{topic:String}} GROUP BY {names}"  # noqa: S608
        width = len(measure.key)
        return summed((row[:width], row[width:]) for row in self.select(sql, {"topic": topic}))

    def seen_until(self, tables: Collection[str]) -> int:
        """Everything that the source had committed by then is here, for all of the tables; 0: not known yet."""
        sql = (
            "SELECT min(ifNull(toUnixTimestamp64Micro(seen_until), 0)) FROM v_freshness "
            "WHERE `table` IN {tables:Array(String)}"
        )
        rows = self.select(sql, {"tables": sorted(tables)})
        return int(rows[0][0] or 0) if rows else 0


def shape(width: int) -> str:
    return "String" if width == 1 else f"Tuple({', '.join(['String'] * width)})"


def reconcile(
    settings: Settings, contract: Contract, only: Collection[str] | None, timeout: float, tell: Tell
) -> Reconciled:
    began = time.monotonic()
    with source(settings, contract.schema_name) as origin, refusals():
        mirror = Mirror(settings)
        chosen = chosen_plans(settings, contract, only, origin)
        comparisons = tuple(part for plan in chosen for part in compared(plan, origin, mirror))
        for comparison in comparisons:
            tell(f"reading {comparison.name}")
            comparison.begin()
        for number in range(ROUNDS):
            left = [comparison for comparison in comparisons if comparison.open]
            if not left and number:
                break
            passed(origin, mirror, [plan.table.table.name for plan in chosen], timeout, tell)
            for comparison in left:
                tell(f"looking again at {len(comparison.open)} keys of {comparison.name}")
                comparison.again()
    return Reconciled(comparisons, time.monotonic() - began)


def settle(settings: Settings, contract: Contract, only: Collection[str] | None, timeout: float, tell: Tell) -> None:
    """Waits until the pipeline has passed this moment: what the log says about it so far has been heard."""
    with source(settings, contract.schema_name) as origin, refusals():
        chosen = chosen_plans(settings, contract, only, origin)
        passed(origin, Mirror(settings), [plan.table.table.name for plan in chosen], timeout, tell)


def chosen_plans(
    settings: Settings, contract: Contract, only: Collection[str] | None, origin: Source
) -> list[TopicPlan]:
    """Of the named tables, or of all, that the source has."""
    if unknown := set(only or ()) - set(contract.tables):
        raise Problem(f"not in the contract: {', '.join(sorted(unknown))}; it has {', '.join(contract.tables)}")
    chosen = (plan for plan in plans(contract, settings).values() if not only or plan.table.table.name in only)
    return [plan for plan in chosen if exists(origin, plan.table.table)]


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise Problem(f"the role of TECHHUB_POSTGRES_DSN may not read: {error.diag.message_primary}") from None
    except psycopg.OperationalError as error:
        raise Unreachable(f"PostgreSQL went away: {' '.join(str(error).split())}") from None


def exists(origin: Source, table: Table) -> bool:
    row = origin.connection.execute("SELECT to_regclass(%s)", [f'{origin.schema}."{table.name}"']).fetchone()
    return bool(row and row[0]) or not table.optional


def compared(plan: TopicPlan, origin: Source, mirror: Mirror) -> Iterator[Comparison]:
    table, types = plan.table.table, [type_ for _, type_ in plan.decoder.columns]
    yield Comparison(table.name, lambda keys: origin.rows(table, types, keys), lambda keys: mirror.rows(table, keys))
    if plan.table.lifecycle is not None:
        for measure, _, _ in plan.table.lifecycle.stocks:
            yield stock(plan, measure, lambda: origin.rows(table, types, None), mirror)


def stock(plan: TopicPlan, measure: Measure, rows: Callable[[], Mapping[Any, Row]], mirror: Mirror) -> Comparison:
    """A stock is a function of where entities stand, and that can be seen in the rows alone."""
    lifecycle = plan.table.lifecycle
    assert lifecycle is not None

    def contributions() -> Iterator[Any]:
        for key, values in rows().items():
            entity, _ = lifecycle.advance(None, Change(0, "read", key, 0, 1, values))
            yield from measure.contributions(entity)

    return Comparison(
        f"stock {measure.name}", lambda _: summed(contributions()), lambda _: mirror.stock(measure, plan.topic)
    )


def passed(origin: Source, mirror: Mirror, tables: Collection[str], timeout: float, tell: Tell) -> None:
    """Waits until the pipeline has passed this moment, by a heartbeat that the source committed after it."""
    moment, deadline = origin.now(), time.monotonic() + timeout
    while (seen := mirror.seen_until(tables)) <= moment:
        if time.monotonic() > deadline:
            behind = "nothing was ever seen" if not seen else f"it is {(moment - seen) / 1e6:.0f} s behind"
            raise Problem(
                f"the pipeline did not pass the read within {timeout:.0f} s ({behind}): is a worker running, and do "
                "heartbeats come? see techhub-cdc status"
            )
        tell("waiting for the pipeline to pass the read")
        time.sleep(0.2)
