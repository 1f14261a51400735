"""Dead letters: records whose envelope, operation or key cannot be read, and how many of them a partition may have."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from schemas.rows import Partition, Row

CAP: Final = 64 * 1024
"""Bytes of key and value that are kept; the record itself stays in the log."""


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """A few bad records are set aside; many mean that something upstream is broken, and the worker stops."""

    of_last: int = 50
    window: int = 1000
    in_a_row: int = 100


@dataclass(slots=True)
class DeadLetters:
    """Offsets of a partition's recent dead letters; loaded from the table, so that a restart does not forget."""

    limit: DeadLetterLimit
    offsets: deque[int] = field(default_factory=deque)

    def load(self, offsets: Iterable[int]) -> None:
        for offset in sorted(offsets):
            self.add(offset)

    def add(self, offset: int) -> None:
        """One that is read again after a crash counts once: the table had it before the watermark passed it."""
        if self.offsets and offset <= self.offsets[-1]:
            if offset not in self.offsets:
                self.offsets = deque(sorted((*self.offsets, offset)))
            return
        self.offsets.append(offset)
        while self.offsets[0] <= offset - max(self.limit.window, self.limit.in_a_row):
            self.offsets.popleft()

    def exceeded(self) -> str | None:
        """Why the worker has to stop, or None."""
        if not self.offsets:
            return None
        last, limit = self.offsets[-1], self.limit
        recent = sum(offset > last - limit.window for offset in self.offsets)
        if recent > limit.of_last:
            return f"{recent} of the last {limit.window} records are dead letters, the limit is {limit.of_last}"
        row = list(self.offsets)[-limit.in_a_row :]
        if len(row) == limit.in_a_row and row[0] == last - limit.in_a_row + 1:
            return f"{limit.in_a_row} dead letters in a row"
        return None


def dead_letter(
    partition: Partition, offset: int, reason: str, timestamp: int, key: bytes | None, value: bytes | None
) -> Row:
    """A row of `dead_letters`; `timestamp` is Kafka's, milliseconds since 1970."""
    return (partition.topic, partition.number, offset, reason, max(timestamp, 0), readable(key), readable(value))


def readable(content: bytes | None) -> str:
    return "" if content is None else content[:CAP].decode("utf-8", "replace")
