"""Measures: aggregates declared by one pure function each, kept as absolute values.

A *stock* is a function of an entity's state; a change adds contributions(new) - contributions(old). A *flow* is a
function of something that happened. Both come down to differences by key, and `add` folds those into rows that carry
the log position as version: a difference counts only if its offset is not below the row's version, so a replay adds
nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.rows import Row, RowTable

HOUR: Final = 3_600_000_000
MINUTE: Final = 60_000_000

Key = tuple[Any, ...]
Values = tuple[int, ...]
Contribution = tuple[Key, Values]
Function = Callable[[Any], Iterable[Contribution]]


def hour_of(micros: int) -> int:
    """Start of the hour in UTC, seconds since 1970 (a DateTime)."""
    return micros // HOUR * 3600


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


def summed(contributions: Iterable[Contribution]) -> list[Contribution]:
    """Contributions of one event to one key are summed before they count."""
    found = list(contributions)
    if len(found) < 2:
        return found
    total: dict[Key, Values] = {}
    for key, values in found:
        known = total.get(key)
        total[key] = values if known is None else tuple([a + b for a, b in zip(known, values, strict=True)])
    return list(total.items())


def difference(old: Iterable[Contribution], new: Iterable[Contribution]) -> list[Contribution]:
    """contributions(new) - contributions(old), without keys that stay as they are."""
    before, after = list(old), list(new)
    if before == after:
        return []
    changes = [(key, tuple([-value for value in values])) for key, values in before] + after
    if len(changes) == 1 or (len(before) == 1 == len(after) and before[0][0] != after[0][0]):
        return changes
    return [entry for entry in summed(changes) if any(entry[1])]


class MeasureRows:
    """The rows of one measure in one partition, in memory.

    Invariant: a row's values are the sum of the contributions of all events below its version.
    """

    __slots__ = ("owner", "rows", "table", "timed", "touched")

    def __init__(self, measure: Measure, topic: str, partition: int) -> None:
        self.table = measure.table
        self.timed = measure.timed
        self.owner = (topic, partition)
        self.rows: dict[Key, list[int]] = {}
        """key -> [version, *values]"""
        self.touched: set[Key] = set()

    def add(self, offset: int, contributions: Sequence[Contribution]) -> None:
        """Folds what the event at `offset` contributes; no key may occur twice."""
        rows = self.rows
        for key, values in contributions:
            row = rows.get(key)
            if row is None:
                rows[key] = [offset + 1, *values]
            elif offset >= row[0]:
                row[0] = offset + 1
                for index, value in enumerate(values, 1):
                    row[index] += value
            else:
                continue
            self.touched.add(key)

    def take(self) -> dict[Key, Row]:
        """The rows that have changed since the last time, as the table has them."""
        touched, self.touched = self.touched, set()
        return {key: (*key, *row[1:], *self.owner, row[0]) for key in touched for row in (self.rows[key],)}

    def load(self, rows: Iterable[Row]) -> None:
        """Rows as the table has them (`table.columns`); what is in memory already may be ahead of them."""
        width, end = len(self.table.key), len(self.table.columns) - 3
        for row in rows:
            known = self.rows.get(row[:width])
            if known is None or known[0] < row[-1]:
                self.rows[row[:width]] = [row[-1], *row[width:end]]

    def forget(self, before: int, durable: int) -> None:
        """Drops rows of hours and minutes that are over (seconds since 1970) and whose versions are durable."""
        gone = [k for k, row in self.rows.items() if k[0] < before and row[0] <= durable and k not in self.touched]
        for key in gone:
            del self.rows[key]


def under_hour(changes: Sequence[Contribution], hour: int, kept: tuple[int, ...]) -> list[Contribution]:
    """Differences filed under an hour; `kept` are the key's positions that the history keeps."""
    return summed([((hour, *[key[i] for i in kept]), values) for key, values in changes])
