"""Logs of one partition for the laws of the fold, drawn for any table with a lifecycle; and a sink that keeps the
highest version of each key.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import prod
from typing import Any, Final

from hypothesis import strategies as st

from schemas.change import Change
from schemas.contract import Column, load_contract
from schemas.rows import Partition, Row, RowTable, Staged, Watermark
from schemas.settings import Settings
from streams.fold import LifecyclePlan, TableFold
from streams.plan import TopicPlan, plans
from streams.quality import DQ_ISSUES
from streams.recall import recall_entities, recall_mirror

CONTRACT: Final = load_contract()
PLANS: Final = {plan.table.table.name: plan for plan in plans(CONTRACT, Settings()).values()}
LIFECYCLES: Final = {name: plan for name, plan in PLANS.items() if plan.table.lifecycle is not None}
HOUR: Final = 3_600_000_000
START: Final = 497_000 * HOUR
Values = dict[str, Any]


def lifecycle_of(plan: TopicPlan) -> LifecyclePlan:
    assert plan.table.lifecycle is not None
    return plan.table.lifecycle


def row(plan: TopicPlan, key: int, **values: Any) -> Row:
    """A row in the contract's order; columns that are not named are empty."""
    names = [column.name for column in plan.table.table.columns]
    assert set(values) <= set(names), values
    empty = dict(zip(names, plan.decoder.empty, strict=True))
    return tuple({**empty, "id": key, **values}.values())


def change(plan: TopicPlan, offset: int, operation: str, key: int, lsn: int, at: int, **values: Any) -> Change:
    made = None if operation == "delete" else row(plan, key, **values)
    return Change(offset, operation, key, 0 if operation == "read" else lsn, at, made)


@dataclass(slots=True)
class Log:
    """What the application committed, as the connector writes it. Offsets are given by `numbered`."""

    plan: TopicPlan = field(repr=False)
    changes: list[Change] = field(default_factory=list)
    truth: dict[int, Row] = field(default_factory=dict)
    """The rows as they are in the source after all changes."""


def numbered(changes: Sequence[Change]) -> list[Change]:
    return [
        Change(n, c.operation, c.key, c.lsn, c.committed_at, c.values, c.unavailable, c.unfit)
        for n, c in enumerate(changes)
    ]


def options(column: Column, statuses: Sequence[str]) -> Sequence[Any]:
    """Few values, so that they meet."""
    instants = (None, START, START + HOUR // 2, START + 5 * HOUR, START + 40 * 24 * HOUR)
    by_type: dict[str, Sequence[Any]] = {
        "status": (*statuses, "odd", ""),
        "int64": (None, 1, 2, 3),
        "bool": (None, True, False),
        "string": ("A", "B"),
        "timestamptz": instants,
        "timestamp": instants,
        "i18n": ({}, {"ru": "имя"}),
        "strings": ([], ["x"]),
        "count": (0, 1),
        "flag": (False, True),
    }
    return by_type.get(column.type, (None,))


@cache
def rows(table: str, key: int) -> st.SearchStrategy[Row]:
    """One draw a row: a number whose digits choose the values."""
    plan = PLANS[table]
    statuses = lifecycle_of(plan).lifecycle.statuses
    choices = [(key,) if c.name == "id" else options(c, statuses) for c in plan.table.table.columns]

    def chosen(number: int) -> Row:
        values = []
        for choice in choices:
            number, digit = divmod(number, len(choice))
            values.append(choice[digit])
        return tuple(values)

    return st.integers(0, prod(map(len, choices)) - 1).map(chosen)


def omitted(plan: TopicPlan, whole: Row, unavailable: tuple[int, ...]) -> Row:
    return tuple([plan.decoder.empty[i] if i in unavailable else value for i, value in enumerate(whole)])


@st.composite
def logs(draw: st.DrawFn, tables: Sequence[str] = tuple(LIFECYCLES), snapshots: bool = True) -> Log:
    """Creations, updates (some without their unchanged TOAST values), deletes, re-creations and snapshot reads."""
    log = Log(LIFECYCLES[draw(st.sampled_from(tables))])
    plan, at, lsn = log.plan, START, 10
    carried = plan.table.carried
    for _ in range(draw(st.integers(1, 25))):
        key = draw(st.integers(1, 3))
        old = log.truth.get(key)
        last = log.changes[-1] if log.changes else None
        unavailable: tuple[int, ...] = ()
        at, lsn = at + draw(st.sampled_from([0, 1_000_000, HOUR // 3, HOUR])), lsn + 2
        kind = "create" if old is None else draw(st.sampled_from(["update", "update", "update", "delete", "read"]))
        if kind == "read" and not snapshots:
            kind = "update"
        if kind == "delete":
            log.truth.pop(key)
            log.changes.append(Change(0, kind, key, lsn, at, None))
            continue
        new = old if kind == "read" and old is not None else draw(rows(plan.table.table.name, key))
        if kind == "update" and old is not None and draw(st.booleans()):
            unavailable = carried
            new = tuple([old[i] if i in carried else value for i, value in enumerate(new)])
        position = lsn
        if (
            kind == "create"
            and last is not None
            and last.operation == "delete"
            and last.key == key
            and draw(st.booleans())
        ):
            position, at = lsn - 3, at + 1  # waited for the delete: logged before it
        log.truth[key] = new
        log.changes.append(
            Change(0, kind, key, 0 if kind == "read" else position, at, omitted(plan, new, unavailable), unavailable)
        )
    log.changes = numbered(log.changes)
    return log


def fold_of(plan: TopicPlan) -> TableFold:
    return TableFold(plan.table, Partition(plan.topic, 0))


@dataclass(slots=True)
class Sink:
    """Tables by name: key -> row of the highest version. Equal versions must carry equal rows."""

    rows: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    versions: dict[str, int] = field(default_factory=dict)
    """Where the version is in the rows of each table."""

    def write(self, staged: Staged) -> None:
        for phase in (staged.first, staged.second):
            for table, found in phase.items():
                for made in found.values():
                    self.put(table, made)

    def put(self, table: RowTable, made: Row) -> None:
        assert len(made) == len(table.columns), table.name
        version = self.versions[table.name] = table.columns.index(table.version)
        key = tuple([made[table.columns.index(name)] for name in table.key])
        old = self.rows[table.name].get(key)
        assert old is None or old[version] != made[version] or old == made, "equal versions, other rows"
        if old is None or made[version] > old[version]:
            self.rows[table.name][key] = made

    def version(self, table: str, made: Row) -> int:
        found: int = made[self.versions[table]]
        return found

    def content(self) -> dict[str, dict[Any, Row]]:
        return {name: dict(found) for name, found in self.rows.items() if found}


def load(plan: TopicPlan, sink: Sink, next_offset: int) -> TableFold:
    """The state that a new owner reads, from the rows and nothing else."""
    made, table = fold_of(plan), plan.table
    made.position(Watermark(next_offset))
    columns = table.mirror.columns
    wanted = [columns.index(name) for name in table.table.key] + list(table.carried)
    kept = [*wanted, *range(len(columns) - 4, len(columns))]
    mirror = [(0, *(found[i] for i in kept)) for found in sink.rows[table.mirror.name].values()]
    if mirror:
        recall_mirror({0: made}, list(zip(*mirror, strict=True)))
    entity = lifecycle_of(plan).rows
    width = len(lifecycle_of(plan).entity.__struct_fields__)
    entities = [(0, *found[:width], *found[-4:]) for found in sink.rows[entity.name].values()]
    if entities:
        recall_entities({0: made}, list(zip(*entities, strict=True)))
    made.load_issues(list(sink.rows[DQ_ISSUES.name].values()))
    for measure in table.measures():
        made.measures[measure.name].load(sink.rows[measure.name].values())
    return made


def folded(plan: TopicPlan, changes: Sequence[Change], cuts: Sequence[int] = (), sink: Sink | None = None) -> Sink:
    """Rows after all changes, flushed at the cuts."""
    sink = Sink() if sink is None else sink
    made = fold_of(plan)
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(changes)}), len(changes)]
    for start, end in pairwise(edges):
        made.fold(changes[start:end], end)
        sink.write(made.take())
    return sink


def alive(plan: TopicPlan, sink: Sink) -> dict[int, Values]:
    """Entity rows that are not deleted, by id, as maps of column to value."""
    table = lifecycle_of(plan).rows
    maps = [dict(zip(table.columns, found, strict=True)) for found in sink.rows[table.name].values()]
    return {found[table.key[0]]: found for found in maps if not found["_deleted"]}


def facts(plan: TopicPlan, sink: Sink) -> list[Values]:
    """In the order of the log."""
    table = lifecycle_of(plan).facts
    found = [dict(zip(table.columns, made, strict=True)) for made in sink.rows[table.name].values()]
    return sorted(found, key=lambda fact: fact["_version"])


def issues(sink: Sink) -> dict[tuple[str, str], Values]:
    return {
        (made[0], made[2]): dict(zip(DQ_ISSUES.columns, made, strict=True))
        for made in sink.rows[DQ_ISSUES.name].values()
    }


def opened(sink: Sink) -> set[tuple[str, str]]:
    return {key for key, issue in issues(sink).items() if issue["resolved_at"] is None}


def sums(sink: Sink, table: RowTable, *keep: str) -> dict[Any, tuple[int, ...]]:
    """Values of a measure, without zeros; by all its key columns or those in `keep`."""
    positions = [table.columns.index(name) for name in (keep or table.key)]
    total: dict[Any, tuple[int, ...]] = {}
    for made in sink.rows[table.name].values():
        key = tuple([made[i] for i in positions])
        values = made[len(table.key) : -3]
        old = total.get(key, (0,) * len(values))
        total[key] = tuple([a + b for a, b in zip(old, values, strict=True)])
    return {key: values for key, values in total.items() if any(values)}
