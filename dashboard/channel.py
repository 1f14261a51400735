"""A page with its filters, as everybody who watches it sees it: what each card last showed, and which are due.

Flows in: the pulse, and the rows of cards that were due. Flows out: one message for all viewers, the whole for a new
one. Knows no ClickHouse and no clock; `now` is a monotonic instant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from dashboard.freshness import WORKER, Pulse
from dashboard.pages import Card
from dashboard.viewers import Viewers
from sinks.parameters import Value

Key = tuple[str, tuple[tuple[str, str], ...]]
"""Page and filters: who has the same shares everything."""
NEVER: Final = float("-inf")
REST: Final = 8.0
"""A card rests for so many times as long as its query took."""
LONGEST_REST: Final = 20.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A card as it was read: its rows as JSON, its tables' positions before the read, until when they were seen."""

    rows: msgspec.Raw
    positions: tuple[int, ...]
    seen_at: float | None
    read_at: float
    took: float = 0.0
    failed: bool = False


EMPTY: Final = Shown(msgspec.Raw(b"null"), (), None, NEVER)


class Channel:
    def __init__(self, cards: Sequence[Card], tables: Mapping[str, Sequence[str]], values: Mapping[str, Value]) -> None:
        """`tables`: of each card, those it is made of."""
        self.cards = cards
        self.values = values
        self.viewers = Viewers()
        self._tables = tables
        self._shown: dict[str, Shown] = {}
        self._changed: set[str] = set()
        self._reading: set[str] = set()

    def due(self, pulse: Pulse, now: float) -> list[Card]:
        """Cards whose tables have moved, or that have not been read for long; never more often than their floor."""
        return [card for card in self.cards if card.name not in self._reading and self._is_due(card, pulse, now)]

    def _is_due(self, card: Card, pulse: Pulse, now: float) -> bool:
        shown = self._shown.get(card.name, EMPTY)
        moved = shown.positions != pulse.positions(self._tables[card.name])
        return now - shown.read_at >= max(card.floor if moved else card.every, min(REST * shown.took, LONGEST_REST))

    def begin(self, card: Card) -> None:
        """It is being asked for."""
        self._reading.add(card.name)

    def read(self, card: Card, pulse: Pulse, rows: Sequence[Sequence[Any]], began: float, now: float) -> None:
        """What a query answered that began after the pulse."""
        tables = self._tables[card.name]
        encoded = msgspec.Raw(msgspec.json.encode(rows))
        seen_at = began if WORKER in tables else pulse.seen_at(tables)
        self._show(card, Shown(encoded, pulse.positions(tables), seen_at, now, now - began))

    def failed(self, card: Card, began: float, now: float) -> None:
        """The figures stay as they were, and grow old."""
        before = self._shown.get(card.name, EMPTY)
        self._show(card, replace(before, read_at=now, took=now - began, failed=True))

    def _show(self, card: Card, shown: Shown) -> None:
        before = self._shown.get(card.name, EMPTY)
        if before.rows != shown.rows or before.failed != shown.failed:
            self._changed.add(card.name)
        self._shown[card.name] = shown
        self._reading.discard(card.name)

    def age(self, name: str, pulse: Pulse, now: float) -> float | None:
        """Seconds since everything that the source had committed was in the figures shown; None: nobody knows."""
        shown, tables = self._shown.get(name, EMPTY), self._tables[name]
        unmoved = shown.positions == pulse.positions(tables) and WORKER not in tables
        seen_at = pulse.seen_at(tables) if unmoved and not shown.failed else shown.seen_at
        if seen_at is None or shown.read_at == NEVER:
            return None
        return round(max(0.0, now - seen_at), 2)

    def message(self, pulse: Pulse, now: float, state: Mapping[str, Any], *, whole: bool = False) -> bytes:
        """One server-sent event: cards that changed (`whole`: all that were read), and the age of every card."""
        names: Iterable[str] = self._shown if whole else self._changed
        cards = {name: {"rows": self._shown[name].rows, "failed": self._shown[name].failed} for name in names}
        ages = {card.name: self.age(card.name, pulse, now) for card in self.cards}
        resync = {card.name: found for card in self.cards if (found := pulse.resyncs(self._tables[card.name]))}
        body = {**state, "cards": cards, "ages": ages, "resync": resync}
        return b"data: " + msgspec.json.encode(body) + b"\n\n"

    @property
    def has_news(self) -> bool:
        return bool(self._changed)

    def told(self) -> None:
        self._changed.clear()
