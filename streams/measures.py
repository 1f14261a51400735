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
    changes = [*[(key, tuple(map(neg, values))) for key, values in before], *after] if before else after
    found = summed(changes)
    return changes if found is changes else [entry for entry in found if any(entry[1])]


class MeasureRows:
    """The rows of one measure in one partition, in memory.

    Invariant: a row's values are the sum of the contributions of all events below its version.
    """

    __slots__ = ("owner", "places", "rows", "single", "table", "timed", "touched")

    def __init__(self, measure: Measure, topic: str, partition: int) -> None:
        self.table = measure.table
        self.timed = measure.timed
        self.places = range(2, len(measure.values) + 2)
        self.single = len(measure.values) == 1
        self.owner = (topic, partition)
        self.rows: dict[Key, list[int]] = {}
        """key -> [version, whether it is among the touched, *values]"""
        self.touched: list[tuple[Key, list[int]]] = []
        """Rows that have changed since they were taken, once each."""

    def add(self, offset: int, contributions: Contributions) -> None:
        """Folds what the event at `offset` contributes; no key may occur twice."""
        rows, version = self.rows, offset + 1
        for key, values in contributions:
            row = rows.get(key)
            if row is None:
                row = rows[key] = [version, True, *values]
                self.touched.append((key, row))
            elif row[0] < version:
                row[0] = version
                if self.single:
                    row[2] += values[0]
                else:
                    for place, value in zip(self.places, values, strict=True):
                        row[place] += value
                if not row[1]:
                    row[1] = True
                    self.touched.append((key, row))

    def take(self) -> dict[Key, Row]:
        """The rows that have changed since the last time, as the table has them."""
        touched, self.touched, owner = self.touched, [], self.owner
        for _, row in touched:
            row[1] = False
        return {key: (*key, *row[2:], *owner, row[0]) for key, row in touched}

    def load(self, rows: Iterable[Row]) -> None:
        """Rows as the table has them (`table.columns`); what is in memory already may be ahead of them."""
        width, end = len(self.table.key), len(self.table.columns) - 3
        for row in rows:
            known = self.rows.get(row[:width])
            if known is None or known[0] < row[-1]:
                self.rows[row[:width]] = [row[-1], False, *row[width:end]]

    def forget(self, before: int, durable: int) -> None:
        """Drops rows of hours and minutes that are over (seconds since 1970) and whose versions are durable."""
        gone = [key for key, row in self.rows.items() if key[0] < before and row[0] <= durable and not row[1]]
        for key in gone:
            del self.rows[key]


def under_hour(changes: Contributions, hour: int, keep: Picker) -> Contributions:
    """Differences filed under an hour; `keep` takes out of a key what the history keeps."""
    return summed([((hour, *keep(key)), values) for key, values in changes])
