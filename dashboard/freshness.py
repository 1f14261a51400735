"""How old a card's figures are: the answer of the query `pulse` -> positions and instants of sets of tables. Pure.

A card is made of captured tables. While none of them has moved past the position at which the card was read, the card
is as young as the least fresh of them; afterwards it is as old as it was then. A table of which nobody has claimed to
have seen it has no age: unknown, never fine. Instants are of our monotonic clock, in seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

WORKER: Final = "pipeline"
"""Stands for the worker's own tables: when they are read, they are as of now."""


@dataclass(frozen=True, slots=True)
class TableState:
    """`position` grows with every change; all that the source had committed at `seen_at` is in the table."""

    position: int
    seen_at: float | None
    resync: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """What ClickHouse said of every captured table when it was asked at `asked_at`."""

    asked_at: float
    tables: Mapping[str, TableState]

    def positions(self, names: Iterable[str]) -> tuple[int, ...]:
        return tuple(self.tables[name].position if name in self.tables else -1 for name in names)

    def seen_at(self, names: Iterable[str]) -> float | None:
        """Of the least fresh of these tables; None where one of them has none."""
        least = self.asked_at
        for name in names:
            if name == WORKER:
                continue
            state = self.tables.get(name)
            if state is None or state.seen_at is None:
                return None
            least = min(least, state.seen_at)
        return least

    def resyncs(self, names: Iterable[str]) -> list[str]:
        """Those that wait for a repair: figures made of them may miss changes, whatever their age is."""
        return sorted(name for name in names if name in self.tables and self.tables[name].resync)


def pulse(rows: Iterable[Mapping[str, Any]], asked_at: float) -> Pulse:
    """Rows of the query: one a captured table."""
    found = {}
    for row in rows:
        lag = row["lag_seconds"]
        seen_at = None if lag is None else asked_at - lag
        found[row["table"]] = TableState(row["position"], seen_at, bool(row["resync"]))
    return Pulse(asked_at, found)
