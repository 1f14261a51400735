"""The fold of one topic partition: changes in, rows out.

Every row that comes out is a pure function of its key and a prefix of the partition's log, and carries that prefix's
length as `_version`. So each row is folded on its own: an event below a row's version is already in it, whatever the
other rows say (a flush may have been cut in the middle). No I/O, no clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Final

import msgspec

from schemas.change import Change
from schemas.contract import Table
from schemas.lifecycles import Lifecycle
from schemas.rows import Partition, Picker, Row, RowTable, Staged, Watermark, picker
from streams.activity import activity_of
from streams.entities import ENTITIES, Entity
from streams.lifecycle import Advance, Transition, advancer, check_fields, entity_columns
from streams.measures import HOUR, NONE, Function, Measure, MeasureRows, difference, under_hour
from streams.quality import (
    BAD_VALUE,
    CHECKS,
    DQ_ISSUES,
    ILLEGAL,
    NOTHING,
    UNKNOWN,
    Check,
    Issues,
    RowCheck,
    row_check,
    unknown_status,
)

META: Final = ("_topic", "_partition", "_version", "_lsn", "_committed_at", "_deleted")
UNMEASURED: Final = frozenset({"dq_issues", "dead_letters", "resync_required"})
"""Tables whose rows another partition may replace, or that have no version of the log."""
RETAINED = 24 * HOUR
"""How far back hours and minutes stay in memory; it forgets when twice that has gathered."""
astuple = msgspec.structs.astuple


class Seen(msgspec.Struct, gc=False):
    """What memory keeps of a row: its version, the greatest LSN and commit time of streamed changes in it, and `state`:
    for a mirror row its values that an update may omit (TOAST), for an entity row the entity. None: deleted."""

    version: int
    lsn: int
    committed_at: int
    state: Any


def already_in(row: Seen, change: Change) -> bool:
    """Folded in before, or sent again by Debezium after a crash: then neither LSN nor commit time is news.

    The LSN alone is not enough: an insert that waited for another transaction's delete of the key is logged before it.
    A snapshot read always applies at its place in the log, and a repair's delete only to what was committed before it.
    """
    if change.offset < row.version:
        return True
    if change.repair:
        return change.committed_at <= row.committed_at
    return change.lsn > 0 and change.lsn <= row.lsn and change.committed_at <= row.committed_at


def followed(row: Seen | None, change: Change, state: Any) -> Seen:
    """The row after the change; a snapshot read moves neither LSN nor commit time."""
    if row is None:
        return Seen(change.offset + 1, change.lsn, change.committed_at if change.lsn else 0, state)
    lsn, committed_at = row.lsn, row.committed_at
    if change.lsn > lsn:
        lsn = change.lsn
    if change.lsn and change.committed_at > committed_at:
        committed_at = change.committed_at
    return Seen(change.offset + 1, lsn, committed_at, state)


@dataclass(frozen=True, slots=True)
class LifecyclePlan:
    """What one lifecycle writes."""

    lifecycle: Lifecycle
    entity: type[Entity]
    advance: Advance
    rows: RowTable
    facts: RowTable
    dimensions: slice
    """Of an entity's fields: what its facts say of it."""
    stocks: tuple[tuple[Measure, Measure | None, Picker], ...]
    flows: tuple[Measure, ...]
    known: frozenset[str]
    """The statuses that the lifecycle lists."""
    rules: tuple[str, ...]
    check: Check | None
    blank: tuple[Any, ...]
    """Values of a tombstone of an entity that nobody saw alive."""

    @classmethod
    def of(cls, lifecycle: Lifecycle, table: Table, measures: Sequence[Measure]) -> "LifecyclePlan":
        entity = ENTITIES[lifecycle.entity]
        check_fields(lifecycle, entity)
        columns = entity_columns(lifecycle)
        dimensions = (*lifecycle.constants, *lifecycle.dimensions)
        fact_columns = (
            lifecycle.id, "lsn", "from_status", "to_status", "at", "seconds_in_from", "legal", "origin", *dimensions,
            "_topic", "_partition", "_version",
        )  # fmt: skip
        texts = {column.name for column in table.columns if column.type == "string"}
        unknown = ("" if source in texts else None for source in lifecycle.dimensions.values())
        blank = ("", 0, False, *lifecycle.constants.values(), *unknown)
        rest = [0 if name in lifecycle.counts else None for name in columns[4 + len(dimensions) :]]
        rules, check = CHECKS.get(lifecycle.entity, ((), None))
        return cls(
            lifecycle,
            entity,
            advancer(lifecycle, table, entity),
            RowTable(lifecycle.entity, lifecycle.key, (*columns, *META)),
            RowTable(lifecycle.facts, (*lifecycle.key, "_version"), fact_columns),
            slice(4, 4 + len(dimensions)),
            tuple((m, m.filed(), kept(m)) for m in measures if m.of == "stock"),
            tuple(m for m in measures if m.of == "flow"),
            lifecycle.known,
            (UNKNOWN, *rules),
            check,
            (*blank, *rest),
        )

    def cells(self, key: Any, entity: Entity | None) -> Row:
        """The entity's columns; of one that nobody saw alive its key is all that is known."""
        return astuple(entity) if entity is not None else (key, *self.blank)


def kept(measure: Measure) -> Picker:
    """Of a stock's key: what its history keeps."""
    return picker([i for i, name in enumerate(measure.key) if name not in measure.history_drops])


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What the changes of one captured table become; the same for all its partitions."""

    table: Table
    mirror: RowTable
    carried: tuple[int, ...]
    carry: Picker
    empty: tuple[Any, ...]
    activity: Measure
    lifecycle: LifecyclePlan | None
    rules: tuple[str, ...]
    """Of mirror rows; issues of all other rules belong to the entity row."""
    check: RowCheck | None

    @classmethod
    def of(
        cls, table: Table, empty: tuple[Any, ...], toast: Sequence[int], lifecycle: LifecyclePlan | None
    ) -> "TablePlan":
        columns = tuple(column.name for column in table.columns)
        mirror = RowTable(table.name, table.key, (*columns, *META))
        carried = tuple(i for i in toast if table.columns[i].name not in table.key)
        rules, check = row_check(table)
        rules = (BAD_VALUE, *rules)
        return cls(table, mirror, carried, picker(carried), empty, activity_of(table), lifecycle, rules, check)

    @property
    def versioned(self) -> frozenset[str]:
        """Every table with rows of this table's partitions whose version is a position of the log."""
        found = {self.mirror.name, *(measure.name for measure in self.measures())}
        if self.lifecycle is not None:
            found |= {self.lifecycle.rows.name, self.lifecycle.facts.name}
        return frozenset(found)

    def measures(self) -> tuple[Measure, ...]:
        """Every measure whose rows this table's partitions own."""
        found = [self.activity]
        if self.lifecycle:
            for measure, filed, _ in self.lifecycle.stocks:
                found += [measure, *([filed] if filed else [])]
            found += self.lifecycle.flows
        return tuple(found)


@dataclass(slots=True)
class TableFold:
    """The state of one partition and the rows that are not handed over yet.

    Order of loading after an assignment: watermark first (`position`), then mirror and entity rows, then issues and
    measures; tombstones and zero rows included.
    """

    plan: TablePlan
    partition: Partition
    staged: Staged = field(init=False)
    mirror: dict[Any, Seen] = field(default_factory=dict)
    entities: dict[Any, Seen] = field(default_factory=dict)
    measures: dict[str, MeasureRows] = field(init=False)
    activity: MeasureRows = field(init=False)
    stocks: tuple[tuple[Function, MeasureRows, MeasureRows | None, Picker], ...] = ()
    flows: tuple[tuple[Function, MeasureRows], ...] = ()
    mirror_issues: Issues = field(init=False)
    entity_issues: Issues = field(init=False)
    changed_rows: dict[Any, Row] = field(default_factory=dict)
    changed_entities: dict[Any, Entity | None] = field(default_factory=dict)
    """What to hand over by key, the newest of each only: rows are made of it when they are taken."""
    horizon: int = 0
    """Rows of timed measures before this instant (microseconds) may be in the sink only."""
    owner: tuple[str, int] = field(init=False)
    """Topic and number, as rows have them."""
    heights: dict[str, int] = field(default_factory=dict)
    """Highest version of each table that was handed over."""
    truncated: int | None = None
    """Commit time of a TRUNCATE that was read: the rows of all partitions are meant, so the table needs a repair."""

    def __post_init__(self) -> None:
        self.owner = topic, number = self.partition.topic, self.partition.number
        self.staged = Staged(self.partition)
        self.measures = {m.name: MeasureRows(m, topic, number) for m in self.plan.measures()}
        self.activity = self.measures[self.plan.activity.name]
        if plan := self.plan.lifecycle:
            rows = self.measures
            self.stocks = tuple(
                (m.contributions, rows[m.name], rows[filed.name] if filed else None, keep)
                for m, filed, keep in plan.stocks
            )
            self.flows = tuple((m.contributions, rows[m.name]) for m in plan.flows)
        self.mirror_issues = Issues(self.plan.table.name, topic, number)
        self.entity_issues = Issues(self.plan.table.name, topic, number)

    def position(self, watermark: Watermark) -> None:
        self.staged.watermark, self.heights = watermark, dict(watermark.heights)

    @property
    def next_offset(self) -> int:
        return self.staged.watermark.next_offset

    def take(self) -> Staged:
        """Hands over what was staged; the state stays ahead of the sink."""
        taken, lifecycle = self.staged, self.plan.lifecycle
        for measure in self.measures.values():
            if measure.touched:
                taken.first[measure.table] = measure.take()
        if self.changed_rows:
            taken.second[self.plan.mirror] = self.versioned(self.changed_rows, self.mirror)
            self.changed_rows = {}
        if lifecycle is not None and self.changed_entities:
            cells = {key: lifecycle.cells(key, entity) for key, entity in self.changed_entities.items()}
            taken.second[lifecycle.rows] = self.versioned(cells, self.entities)
            self.changed_entities = {}
        taken.watermark = replace(taken.watermark, heights=self.raised(taken))
        self.staged = Staged(self.partition, watermark=taken.watermark)
        return taken

    def raised(self, taken: Staged) -> Mapping[str, int]:
        """The heights once these rows are durable."""
        for table, rows in (*taken.first.items(), *taken.second.items()):
            if rows and table.name not in UNMEASURED:
                found = max(map(itemgetter(table.columns.index("_version")), rows.values()))
                self.heights[table.name] = max(found, self.heights.get(table.name, 0))
        return dict(self.heights)

    def versioned(self, cells: Mapping[Any, Row], seen: Mapping[Any, Seen]) -> dict[Any, Row]:
        """Rows as their table has them."""
        owner = self.owner
        return {
            key: (*values, *owner, row.version, row.lsn, row.committed_at, int(row.state is None))
            for key, values in cells.items()
            for row in (seen[key],)
        }

    def fold(self, changes: Sequence[Change], next_offset: int) -> None:
        """Folds a contiguous run of changes that ends before `next_offset`."""
        mark = self.staged.watermark
        lsn, committed_at = mark.lsn, mark.committed_at
        for change in changes:
            if change.operation == "truncate":
                self.fold_truncate(change, lsn)
            else:
                self.fold_one(change)
            if change.lsn > lsn:
                lsn = change.lsn
            if change.committed_at > committed_at:
                committed_at = change.committed_at
        self.staged.events += len(changes)
        self.staged.watermark = Watermark(next_offset, lsn, committed_at, mark.source_id)

    def fold_truncate(self, change: Change, greatest_lsn: int) -> None:
        """TRUNCATE locks its table, so everything earlier in the log has a smaller LSN, unless it is sent again."""
        if change.lsn > greatest_lsn:
            self.truncated = change.committed_at
            self.activity.add(change.offset, self.plan.activity.contributions(change))

    def fold_one(self, change: Change) -> None:
        row = self.mirror.get(change.key)
        if row is None or not already_in(row, change):
            self.fold_mirror(row, change)
        if self.plan.lifecycle is not None:
            row = self.entities.get(change.key)
            if row is None or not already_in(row, change):
                self.fold_entity(self.plan.lifecycle, row, change)

    def fold_mirror(self, row: Seen | None, change: Change) -> None:
        plan, values, state, findings = self.plan, change.values, None, NOTHING
        self.activity.add(change.offset, plan.activity.contributions(change))
        if values is None:
            values = self.tombstone(change.key)
        else:
            if change.unfit or change.unavailable:
                values, findings = self.completed(row, change, values)
            state = plan.carry(values)
            if plan.check is not None and (found := plan.check(values)):
                findings = {**findings, **found}
        if findings or self.mirror_issues.known:
            issues = self.first(DQ_ISSUES)
            self.mirror_issues.judge(change.offset, change.committed_at, change.key, plan.rules, findings, issues)
        self.mirror[change.key] = followed(row, change, state)
        self.changed_rows[change.key] = values

    def completed(self, row: Seen | None, change: Change, values: Row) -> tuple[Row, dict[str, str]]:
        """Carries TOASTed values forward from the row; what is not known there stays empty, with an issue, and what an
        open issue says about a carried value still holds."""
        complete, unfit = list(values), list(change.unfit)
        state = row.state if row is not None else None
        known_bad = self.mirror_issues.open_detail(BAD_VALUE, change.key).split("; ")
        for index in change.unavailable:
            name = f"{self.plan.table.columns[index].name}: "
            if state is not None and index in self.plan.carried:
                complete[index] = state[self.plan.carried.index(index)]
                unfit += [reason for reason in known_bad if reason.startswith(name)]
            else:
                unfit.append(f"{name}the change did not carry it and no earlier value is known")
        return tuple(complete), {BAD_VALUE: "; ".join(unfit)} if unfit else {}

    def tombstone(self, key: Any) -> Row:
        names, parts = self.plan.table.key, key if isinstance(key, tuple) else (key,)
        known = dict(zip(names, parts, strict=True))
        return tuple(
            known.get(column.name, blank)
            for column, blank in zip(self.plan.table.columns, self.plan.empty, strict=True)
        )

    def fold_entity(self, plan: LifecyclePlan, row: Seen | None, change: Change) -> None:
        offset, key = change.offset, change.key
        old: Entity | None = None if row is None else row.state
        new, transition = plan.advance(old, change)
        if transition is not None:
            self.record(plan, transition, change)
        for contributions, rows, filed, keep in self.stocks:
            before = NONE if old is None else contributions(old)
            after = NONE if new is None else contributions(new)
            if changes := difference(before, after):
                rows.add(offset, changes)
                if filed is not None:
                    filed.add(offset, under_hour(changes, change.committed_at, keep))
        self.judge(plan, new, transition, change)
        self.entities[key] = followed(row, change, new)
        self.changed_entities[key] = old if new is None else new

    def record(self, plan: LifecyclePlan, transition: Transition, change: Change) -> None:
        t, offset = transition, change.offset
        seconds = None if t.spent is None else t.spent / 1_000_000
        self.first(plan.facts)[offset] = (
            change.key, t.lsn, t.before, t.after, t.at, seconds, t.legal, t.origin, *astuple(t.entity)[plan.dimensions],
            *self.owner, offset + 1,
        )  # fmt: skip
        for contributions, rows in self.flows:
            rows.add(offset, contributions(t))

    def judge(self, plan: LifecyclePlan, new: Entity | None, transition: Transition | None, change: Change) -> None:
        findings, streamed = NOTHING, False
        if new is not None:
            if plan.check is not None:
                findings = plan.check(new)
            if new.status not in plan.known:
                findings = {**findings, **unknown_status(new.status)}
        if transition is not None:
            streamed = transition.origin == "stream"
            if streamed and not transition.legal:
                findings = {**findings, ILLEGAL: f"{transition.before or '(new)'} -> {transition.after or '(none)'}"}
        if findings or self.entity_issues.known:
            rules, issues = (*plan.rules, ILLEGAL) if streamed else plan.rules, self.first(DQ_ISSUES)
            self.entity_issues.judge(change.offset, change.committed_at, change.key, rules, findings, issues)

    def first(self, table: RowTable) -> dict[Any, Row]:
        rows = self.staged.first.get(table)
        if rows is None:
            rows = self.staged.first[table] = {}
        return rows

    def recent(self) -> int:
        """Sets the horizon of a fold that is being loaded: a little before its watermark."""
        self.horizon = max(0, (self.staged.watermark.committed_at - RETAINED) // HOUR * HOUR)
        return self.horizon

    def reaches_back(self, changes: Sequence[Change]) -> bool:
        """Whether a change belongs to hours that are not in memory: load the timed measures whole, then fold."""
        return self.horizon > 0 and any(change.committed_at < self.horizon for change in changes)

    def forget(self, durable: int) -> None:
        """Keeps memory bounded: hours that are long over leave it, once their versions (<= `durable`) are durable."""
        latest = self.staged.watermark.committed_at - RETAINED
        if latest - self.horizon < RETAINED:
            return
        self.horizon = latest // HOUR * HOUR
        for measure in self.measures.values():
            if measure.timed:
                measure.forget(self.horizon // 1_000_000, durable)

    def load_issues(self, rows: Iterable[Row]) -> None:
        for row in rows:
            (self.mirror_issues if row[0] in self.plan.rules else self.entity_issues).load([row])
