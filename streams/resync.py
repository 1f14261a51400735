"""RESYNC_REQUIRED: a table that cannot be read on from where its rows stand. Per table, never a silent reset."""

from typing import Final, Protocol

from schemas.rows import Row, RowTable
from streams.plan import TopicPlan

RESYNC_REQUIRED: Final = RowTable(
    "resync_required", ("table",), ("table", "reason", "command", "required_at", "resolved_at", "_version")
)


class Position(Protocol):
    """What the sink knows of a partition."""

    topic_id: str
    partitions: int
    fingerprint: str
    known: bool
    highest: int

    @property
    def next_offset(self) -> int: ...


def resync_row(plan: TopicPlan, reason: str, at: int) -> tuple[RowTable, Row]:
    """`at` in microseconds; the newest row of a table counts."""
    table = plan.table.table.name
    return RESYNC_REQUIRED, (table, reason, f"techhub-cdc reconcile --repair --table {table}", at, None, at)


def refusal(position: Position, plan: TopicPlan, topic_id: str, first: int, end: int) -> str | None:
    """Why a partition cannot be read on from its watermark; `first` and `end` are the log's bounds."""
    at = position.next_offset
    if position.known and position.topic_id and topic_id and position.topic_id != topic_id:
        return f"topic {plan.topic} is another one than the rows come from: it was deleted and made anew"
    if position.known and position.partitions != plan.partitions:
        return f"topic {plan.topic} had {position.partitions} partitions, now {plan.partitions}: keys have moved"
    if not first <= at <= end:
        return f"topic {plan.topic}: the watermark is {at}, the log holds {first} to {end}"
    return None


def derivation_changed(position: Position, plan: TopicPlan) -> str | None:
    """Why this worker may not start: rows above the watermark come from another derivation."""
    if position.known and position.fingerprint != plan.fingerprint and position.highest > position.next_offset:
        return (
            f"{plan.topic}: the derivation changed ({position.fingerprint} before, {plan.fingerprint} now) while rows "
            "are above the watermark: start the old version until it has drained and stopped, then this one"
        )
    return None
