"""What a worker may read, and what comes next. Pure: no Kafka, no clock.

    drop    an assignment is taken away or given anew: a new epoch, of which nothing is known yet
    own     state that was loaded for this epoch, and with it the offsets to read on from
    cut     a fetched batch -> the records to fold next (none: stale, a rest: it overlaps), or a gap
    after   a gap, now that the log's beginning is known: was the batch stale, seek back, or is it lost

What was begun under an epoch asks `current` after every await, and is thrown away if it is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from schemas.rows import Partition
from streams.stored import Stored


@dataclass(frozen=True, slots=True)
class Gap:
    """A batch begins behind the offset that comes next. Never skipped."""

    want: int


class After(Enum):
    """What to do about a gap."""

    NOTHING = "the position has moved meanwhile: somebody else deals with it"
    BACK = "read ahead of a seek: seek back"
    LOST = "the log no longer holds the offset: RESYNC_REQUIRED"


@dataclass(slots=True)
class Reading:
    """Invariant: the fold of a partition has seen everything below `next`, or is about to, under the same epoch."""

    epoch: int = 0
    assigned: frozenset[Partition] = frozenset()
    located: bool = False
    """Whether it is known which of the assigned partitions can be read; those that have no `next` then cannot."""
    parts: dict[Partition, Stored] = field(default_factory=dict)
    next: dict[Partition, int] = field(default_factory=dict)

    def current(self, epoch: int) -> bool:
        return epoch == self.epoch

    def drop(self) -> None:
        """Nothing that was read under the old assignment is folded any more: it will be read again."""
        self.epoch += 1
        self.assigned, self.located = frozenset(), False
        self.parts = {}
        self.next.clear()

    def own(self, parts: Mapping[Partition, Stored]) -> dict[Partition, int]:
        """Where to read on: at the watermarks."""
        self.parts, self.located = dict(parts), True
        self.next.update({partition: part.next_offset for partition, part in parts.items()})
        return dict(self.next)

    def cut(self, partition: Partition, records: Sequence[Any]) -> Sequence[Any] | Gap:
        """Contiguous from the watermark or not at all; `records` are of one partition, by offset."""
        want = self.next.get(partition)
        if want is None or records[-1].offset < want:
            return ()
        if records[0].offset > want:
            return Gap(want)
        self.next[partition] = records[-1].offset + 1
        if records[0].offset < want:
            return [record for record in records if record.offset >= want]
        return records

    def after(self, partition: Partition, gap: Gap, epoch: int, first: int) -> After:
        """`first` is the log's beginning, asked for when the gap was seen."""
        if not self.current(epoch) or self.next.get(partition) != gap.want:
            return After.NOTHING
        return After.LOST if first > gap.want else After.BACK

    def leave(self, partition: Partition) -> None:
        """It is read no further, and nothing more is known of it."""
        self.next.pop(partition, None)
        self.parts.pop(partition, None)

    def halt(self, partition: Partition | None = None) -> None:
        """No more records of the partition, or of any; what was folded may still be written."""
        if partition is None:
            self.next.clear()
        else:
            self.next.pop(partition, None)
