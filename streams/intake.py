"""From the records of one partition to staged rows: decode, set aside, fold. Pure.

Three outcomes of a record: a change; malformed, then a dead letter with its bytes; anything else stops the worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Protocol

from schemas.change import Change, Malformed
from schemas.rows import DEAD_LETTERS, Row
from streams.dead_letters import dead_letter
from streams.plan import TopicPlan
from streams.resync import RESYNC_REQUIRED, repair_of, resync_row
from streams.stored import Stored

LSN: Final = attrgetter("lsn")


class Record(Protocol):
    """A record as Kafka gives it; `timestamp` in milliseconds since 1970."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Contiguous records, decoded."""

    changes: list[Change]
    letters: list[tuple[Record, str]]
    """Records that cannot be read, and why."""
    next_offset: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the worker has to know beside the staged rows."""

    truncated: Row | None
    """The row of `resync_required` after a TRUNCATE; staged already."""
    snapshot: bool
    """Whether rows of a snapshot were among the changes."""
    exceeded: str | None
    """Why there are too many dead letters."""


def read(plan: TopicPlan, records: Sequence[Record]) -> Batch:
    changes: list[Change] = []
    letters: list[tuple[Record, str]] = []
    decode = plan.decoder.decode
    for record in records:
        try:
            changes.append(decode(record.offset, record.key, record.value))
        except Malformed as error:
            letters.append((record, str(error)))
    return Batch(changes, letters, records[-1].offset + 1)


def fold(part: Stored, plan: TopicPlan, batch: Batch) -> Outcome:
    for record, reason in batch.letters:
        row = dead_letter(part.fold.partition, record.offset, reason, record.timestamp, record.key, record.value)
        part.fold.first(DEAD_LETTERS)[record.offset] = row
        part.dead_letters.add(record.offset)
    part.fold.fold(batch.changes, batch.next_offset)
    return Outcome(
        truncated(part, plan),
        not all(map(LSN, batch.changes)),
        part.dead_letters.exceeded() if batch.letters else None,
    )


def truncated(part: Stored, plan: TopicPlan) -> Row | None:
    """All partitions are meant but one has the event: the figures of the table miss the deletes until a repair."""
    at, part.fold.truncated = part.fold.truncated, None
    if at is None:
        return None
    table = plan.table.table.name
    row = resync_row(table, "TRUNCATE in the source", repair_of(table), at)
    part.fold.first(RESYNC_REQUIRED)[table] = row
    return row
