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


def resync_row(plan: TopicPlan, reason: str, at: int, *, read_on: bool) -> tuple[RowTable, Row]:
    """`at` in microseconds; the newest row of a table counts. A repair goes through the log, so it must be read on."""
    table = plan.table.table.name
    repair = f"techhub-cdc reconcile --repair --table {table}"
    return RESYNC_REQUIRED, (table, reason, repair if read_on else "docs/operations.md, Starting over", at, None, at)


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
    """Why this worker may not go on over the rows that are there: they come from another derivation."""
    nothing_there = position.next_offset == position.highest == 0
    if not position.known or nothing_there or position.fingerprint == plan.fingerprint:
        return None
    change = f"{plan.topic}: the derivation changed ({position.fingerprint} before, {plan.fingerprint} now)"
    if position.fingerprint.rpartition("-")[2] != plan.fingerprint.rpartition("-")[2]:
        return (
            f"{change} and with it the meaning of the rows that are there: let this version replay the log into a new "
            "database (docs/operations.md, Starting over), or start the old version again"
        )
    if position.highest > position.next_offset:
        return (
            f"{change} while rows are above the watermark: start the old version until it has drained and stopped, "
            "then this one"
        )
    return None
