"""Measures: aggregates declared by one pure function each, kept as absolute values.

A *stock* is a function of an entity's state; a change adds contributions(new) - contributions(old). A *flow* is a
function of something that happened. Both come down to differences by key, and `add` folds those into rows that carry
the log position as version: a difference counts only if its offset is not below the row's version, so a replay adds
nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import neg
from typing import Any, Final

from schemas.rows import Picker, Row, RowTable

HOUR: Final = 3_600_000_000
MINUTE: Final = 60_000_000

Key = tuple[Any, ...]
Values = tuple[int, ...]
Contribution = tuple[Key, Values]
Contributions = Sequence[Contribution]
Function = Callable[[Any], Contributions]
NONE: Final[Contributions] = ()
ONE: Final[Values] = (1,)


def hour_of(micros: int) -> int:
    """Start of the hour in UTC, seconds since 1970 (a DateTime). Two divisions by small numbers take less than one."""
    return micros // 1_000_000 // 3600 * 3600


def minute_of(micros: int) -> int:
    return micros // MINUTE * 60


@dataclass(frozen=True, slots=True)
class Measure:
    """`contributions` must be pure: the same argument, the same contributions."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    contributions: Function
    of: str
    """A "stock" is a function of an entity, a "flow" of a transition or a change; "history" files a stock by hour."""
    revision: int = 1
    """Raise it when the meaning of existing rows changes: then they need a rebuild."""
    history: str | None = None
    """Table that files the same differences under the hour of the event as well, without `history_drops`."""
    history_drops: tuple[str, ...] = ()

    @property
    def table(self) -> RowTable:
        return RowTable(self.name, self.key, (*self.key, *self.values, "_topic", "_partition", "_version"))

    @property
    def timed(self) -> bool:
        """Whether its rows are keyed by the time of the event: old ones hardly ever change."""
        return self.of != "stock" and self.key[0] in ("hour", "minute")

    def filed(self) -> "Measure | None":
        """The measure of the history table: keys with the hour in front."""
        if self.history is None:
            return None
        kept = tuple(name for name in self.key if name not in self.history_drops)
        return Measure(self.history, ("hour", *kept), self.values, self.contributions, "history", self.revision)


Declared = Callable[[Function], Measure]


def stock(
    name: str, key: tuple[str, ...], values: tuple[str, ...], *, history: str | None = None,
    history_drops: tuple[str, ...] = (), revision: int = 1,
) -> Declared:  # fmt: skip
    """Declares a function of an entity's state."""
    return lambda function: Measure(name, key, values, function, "stock", revision, history, history_drops)


def flow(name: str, key: tuple[str, ...], values: tuple[str, ...], *, revision: int = 1) -> Declared:
    """Declares a function of a transition or an event."""
    return lambda function: Measure(name, key, values, function, "flow", revision)


def summed(contributions: Contributions) -> Contributions:
    """Contributions of one event to one key are summed before they count."""
    number = len(contributions)
    if number < 2 or (number == 2 and contributions[0][0] != contributions[1][0]):
        return contributions
    if number > 2 and len({key for key, _ in contributions}) == number:
        return contributions
    total: dict[Key, Values] = {}
    for key, values in contributions:
        known = total.get(key)
        total[key] = values if known is None else tuple([a + b for a, b in zip(known, values, strict=True)])
    return list(total.items())


def difference(before: Contributions, after: Contributions) -> Contributions:
    """contributions(new) - contributions(old), without keys that stay as they are."""
    if before == after:
        return NONE
    if len(before) == len(after) == 1 and before[0][0] != after[0][0]:
        ((key, values),) = before
        return [(key, tuple(map(neg, values))), after[0]]
    changes = [*[(key, tuple(map(neg, values))) for key, values in before], *after] if before else after
    found = summed(changes)
    return changes if found is changes else [entry for entry in found if any(entry[1])]


class MeasureRows:
    """The rows of one measure in one partition, in memory.

    Invariant: a row's values are the sum of the contributions of all events below its version. Of many rows few change
    between two flushes, and those again and again: they are looked for among the touched first.
    """

    __slots__ = ("owner", "rows", "single", "table", "timed", "touched")

    def __init__(self, measure: Measure, topic: str, partition: int) -> None:
        self.table = measure.table
        self.timed = measure.timed
        self.single = len(measure.values) == 1
        self.owner = (topic, partition)
        self.rows: dict[Key, list[int]] = {}
        """key -> [version, *values]"""
        self.touched: dict[Key, list[int]] = {}
        """Those that have changed since they were taken; the next event of the log is in none of them yet."""

    def add(self, offset: int, contributions: Contributions) -> None:
        """Folds what the event at `offset` contributes; what it contributes to one key twice is summed."""
        touched, version = self.touched, offset + 1
        for key, values in contributions:
            row = touched.get(key)
            if row is None:
                row = self.rows.get(key)
                if row is None:
                    self.rows[key] = touched[key] = [version, *values]
                    continue
                if row[0] >= version:
                    continue
                touched[key] = row
            row[0] = version
            if self.single:
                row[1] += values[0]
            else:
                row[1:] = [one + other for one, other in zip(row[1:], values, strict=True)]

    def take(self) -> dict[Key, Row]:
        """The rows that have changed since the last time, as the table has them."""
        touched, self.touched, (topic, partition) = self.touched, {}, self.owner
        if self.single:
            return {key: (*key, row[1], topic, partition, row[0]) for key, row in touched.items()}
        return {key: (*key, *row[1:], topic, partition, row[0]) for key, row in touched.items()}

    def load(self, rows: Iterable[Row]) -> None:
        """Rows as the table has them (`table.columns`); what is in memory already may be ahead of them."""
        width, end = len(self.table.key), len(self.table.columns) - 3
        for row in rows:
            key = row[:width]
            known = self.rows.get(key)
            if known is None or known[0] < row[-1]:
                self.touched.pop(key, None)
                self.rows[key] = [row[-1], *row[width:end]]

    def forget(self, before: int, durable: int) -> None:
        """Drops rows of hours and minutes that are over (seconds since 1970) and whose versions are durable."""
        touched = self.touched
        gone = [k for k, row in self.rows.items() if k[0] < before and row[0] <= durable and k not in touched]
        for key in gone:
            del self.rows[key]


def under_hour(changes: Contributions, at: int, keep: Picker) -> Contributions:
    """Differences filed under the hour of an instant; `keep` takes out of a key what the history keeps."""
    hour = hour_of(at)
    return [((hour, *keep(key)), values) for key, values in changes]
