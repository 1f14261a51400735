"""What may be claimed about freshness. Pure: heartbeats and watermarks in, rows of `seen_until` out.

A heartbeat committed at t that has come through Kafka proves that everything the source had committed by then is in
the log; once rows are durable up to the log's end at that moment, `seen_until = t` is true, for ever.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.rows import Partition, Row, Watermark

KEPT: Final = 60
GAP_MS: Final = 1000
"""Beyond the interval of heartbeats: a longer one says that brokers or the connector were away."""
GRACE_MS: Final = 5000
"""By then the connector's producer has sent again what it had to."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat's commit time (microseconds) and sequence number, and the log's ends when it had come through.

    No ends: it proves nothing. `broken`: why changes may be missing before it.
    """

    committed_at: int
    seq: int
    source_id: str
    ends: Mapping[Partition, int]
    offset: int = 0
    broken: str | None = None


@dataclass(slots=True)
class Flow:
    """Do heartbeats come through evenly?

    The connector sends in the order of the source, but each partition by itself: while brokers are away or change, a
    heartbeat may come through before changes that were committed earlier and have to be sent again. So nothing is
    claimed for a while after a gap. Instants are the broker's own (the topic has LogAppendTime), in milliseconds, so
    that a worker which comes later finds the same.
    """

    interval_ms: int
    last: int = 0
    until: int = 0

    def even(self, appended: int) -> bool:
        """Called for every heartbeat of the log; whether this one proves anything."""
        if self.last and appended - self.last > self.interval_ms + GAP_MS:
            self.disturbed(appended)
        self.last = max(self.last, appended)
        return appended >= self.until

    def disturbed(self, at: int) -> None:
        self.until = max(self.until, at + GRACE_MS)


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
        self.beats.append(beat)
        return self.claims(self.durable)

    def claims(self, partitions: Iterable[Partition]) -> list[Row]:
        rows = []
        for partition in partitions:
            durable = self.durable.get(partition, -1)
            true = next(
                (b.committed_at for b in reversed(self.beats) if b.ends.get(partition, durable + 1) <= durable), None
            )
            if true is not None and true > self.claimed.get(partition, 0):
                self.claimed[partition] = true
                rows.append((partition.topic, partition.number, true))
        return rows

    @property
    def at_end(self) -> bool:
        """Whether everything up to a recent beat is durable."""
        return bool(self.beats) and all(partition in self.claimed for partition in self.durable)
