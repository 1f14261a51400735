"""What the fold hands to the writer: rows of one partition, by phase.

The phases are the order in which they may become durable: facts, measures, issues and dead letters; then entity and
mirror rows; then the watermark.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

Row = tuple[Any, ...]
Picker = Callable[[Row], Row]


def picker(places: Sequence[int]) -> Picker:
    """Takes the cells at these places out of a row."""
    if len(places) > 1:
        return itemgetter(*places)

    def few(row: Row) -> Row:
        return tuple([row[place] for place in places])

    return few


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A topic partition, the unit of ownership, order and checkpoint."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"


@dataclass(frozen=True, slots=True, eq=False)
class RowTable:
    """A table that streams write: rows are tuples in the order of `columns`; `key` is unique within a partition.

    `owner` are the columns of topic and partition, `version` decides which row of a key counts.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    owner: tuple[str, str] = ("_topic", "_partition")
    version: str = "_version"


Rows = dict[RowTable, dict[Any, Row]]
"""Rows by table (the object, not its name) and key; of one key only the latest is kept."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything below `next_offset` of the partition is in the sink; `committed_at` is 0 before the first change."""

    next_offset: int
    lsn: int = 0
    committed_at: int = 0
    source_id: str = ""
    heights: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Highest version of each table that was written on the way here."""


@dataclass(slots=True)
class Staged:
    """Rows of a partition that are not written yet, and the watermark they lead to."""

    partition: Partition
    first: Rows = field(default_factory=dict)
    second: Rows = field(default_factory=dict)
    watermark: Watermark = field(default_factory=lambda: Watermark(0))
    events: int = 0


WATERMARKS = RowTable(
    "watermarks",
    ("topic", "partition"),
    (
        "topic",
        "partition",
        "next_offset",
        "lsn",
        "committed_at",
        "topic_id",
        "partitions",
        "source_id",
        "fingerprint",
        "heights",
    ),
    ("topic", "partition"),
    "next_offset",
)
DEAD_LETTERS = RowTable(
    "dead_letters",
    ("topic", "partition", "offset"),
    ("topic", "partition", "offset", "reason", "received_at", "key", "value"),
    ("topic", "partition"),
    "offset",
)
SEEN_UNTIL = RowTable(
    "seen_until", ("topic", "partition"), ("topic", "partition", "seen_until"), ("topic", "partition"), "seen_until"
)
