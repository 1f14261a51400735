"""What may be claimed about freshness. Pure: heartbeats and watermarks in, rows of `seen_until` out.

A heartbeat committed at t is proven once Kafka Connect has stored its position or one beyond: then everything that the
source had committed by t is in Kafka. Once rows are durable up to the log's end at that moment, `seen_until = t` is
true, for ever.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.rows import Partition, Row, Watermark

KEPT: Final = 60
UNPROVEN: Final = 10_000
"""Heartbeats that wait for their proof, at most."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat's commit time (microseconds) and sequence number, and what it proves: all that was committed by
    `proven_at` is in the log before `ends`. No ends: nothing. `broken`: why changes may be missing before it.
    """

    committed_at: int
    seq: int
    source_id: str
    ends: Mapping[Partition, int]
    proven_at: int = 0
    offset: int = 0
    broken: str | None = None


@dataclass(slots=True)
class Proof:
    """Which heartbeats are proven by the positions that Kafka Connect stores.

    That a heartbeat has come through proves nothing yet: the connector sends in the order of the source, but each
    partition by itself, so a heartbeat may overtake changes that were committed earlier. A position is stored once
    Kafka has acknowledged everything that was sent before it.
    """

    waiting: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=UNPROVEN))
    """Position in the source's log and commit time."""

    def follow(self, lsn: int, committed_at: int) -> None:
        """Called for every streamed heartbeat, in the order of the log."""
        if self.waiting and lsn < self.waiting[-1][0]:
            self.waiting.clear()  # sent again, or another source
        self.waiting.append((lsn, committed_at))

    def stored(self, lsn: int, commit: int, committed_at: int) -> int:
        """Called for every stored position: of a record, where the last transaction before it ended, and when its own
        was committed. The commit time that it proves, or 0.

        Transactions are sent in the order of their commits. One that ended beyond the heartbeat's row may still have
        been committed before the heartbeat was; with a record of a later commit after it, it was not.
        """
        proven = 0
        while self.waiting:
            place, at = self.waiting[0]
            if place != lsn and not (place < commit and at < committed_at):
                break
            self.waiting.popleft()
            proven = at
        return proven

    @property
    def behind(self) -> float:
        """Seconds between the newest heartbeat and the oldest that is not proven."""
        return (self.waiting[-1][1] - self.waiting[0][1]) / 1e6 if self.waiting else 0.0


@dataclass(slots=True)
class Freshness:
    beats: deque[Beat] = field(default_factory=lambda: deque(maxlen=KEPT))
    durable: dict[Partition, int] = field(default_factory=dict)
    claimed: dict[Partition, int] = field(default_factory=dict)

    def reset(self, durable: Mapping[Partition, Watermark]) -> None:
        """After an assignment: only what the sink has counts."""
        self.beats.clear()
        self.claimed.clear()
        self.durable = {partition: mark.next_offset for partition, mark in durable.items()}

    def flushed(self, marks: Mapping[Partition, Watermark]) -> list[Row]:
        for partition, mark in marks.items():
            if partition in self.durable:
                self.durable[partition] = max(self.durable[partition], mark.next_offset)
        return self.claims(marks)

    def beat(self, beat: Beat) -> list[Row]:
        if beat.ends:
            self.beats.append(beat)
        return self.claims(self.durable)

    def claims(self, partitions: Iterable[Partition]) -> list[Row]:
        rows = []
        for partition in partitions:
            durable = self.durable.get(partition, -1)
            true = next(
                (b.proven_at for b in reversed(self.beats) if b.ends.get(partition, durable + 1) <= durable), None
            )
            if true is not None and true > self.claimed.get(partition, 0):
                self.claimed[partition] = true
                rows.append((partition.topic, partition.number, true))
        return rows

    @property
    def at_end(self) -> bool:
        """Whether everything up to a recent beat is durable."""
        return bool(self.beats) and all(partition in self.claimed for partition in self.durable)
