"""What the sink knows of a partition, and the row of its watermark."""

from dataclasses import dataclass

from schemas.rows import Partition, Row, Watermark
from streams.dead_letters import DeadLetters
from streams.fold import TableFold
from streams.plan import TopicPlan


@dataclass(slots=True)
class Stored:
    fold: TableFold
    dead_letters: DeadLetters
    topic_id: str = ""
    partitions: int = 0
    source_id: str = ""
    fingerprint: str = ""
    known: bool = False
    """Whether there is a watermark row."""
    highest: int = 0
    """Highest version of a mirror or entity row."""
    restored: str = ""
    """Why the log is read from its beginning, into nothing."""

    @property
    def next_offset(self) -> int:
        return self.fold.next_offset


def watermark_row(partition: Partition, mark: Watermark, plan: TopicPlan, topic_id: str, source_id: str) -> Row:
    return (
        partition.topic, partition.number, mark.next_offset, mark.lsn, mark.committed_at, topic_id, plan.partitions,
        source_id, plan.fingerprint, dict(mark.heights),
    )  # fmt: skip
