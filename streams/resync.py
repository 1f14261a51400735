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


STARTING_OVER: Final = "docs/operations.md, Starting over"


def repair_of(table: str) -> str:
    """The command that brings a table back through the log, where its changes are still read."""
    return f"techhub-cdc reconcile --repair --table {table}"


def resync_row(table: str, reason: str, command: str, at: int) -> Row:
    """`at` in microseconds; the newest row of a table counts."""
    return (table, reason, command, at, None, at)


def another_topic(position: Position, plan: TopicPlan, topic_id: str, partitions: int) -> str | None:
    """Why a topic is not the one that the rows come from; `topic_id` is empty where Kafka has not told."""
    if position.known and position.topic_id and topic_id and position.topic_id != topic_id:
        return f"topic {plan.topic} is another one than the rows come from: it was deleted and made anew"
    if position.known and position.partitions != plan.partitions:
        return f"topic {plan.topic} had {position.partitions} partitions, now {plan.partitions}: keys have moved"
    if topic_id and partitions != plan.partitions:
        return f"topic {plan.topic} has {partitions} partitions, the contract says {plan.partitions}: keys have moved"
    return None


def outside_log(position: Position, plan: TopicPlan, first: int, end: int) -> str | None:
    """Why a partition cannot be read on from its watermark; `first` and `end` are the log's bounds."""
    at = position.next_offset
    if first <= at <= end:
        return None
    return f"topic {plan.topic}: the watermark is {at}, the log holds {first} to {end}"


def derivation_changed(position: Position, plan: TopicPlan) -> str | None:
    """Why this worker may not go on over the rows that are there: they come from another derivation."""
    nothing_there = position.next_offset == position.highest == 0
    if not position.known or nothing_there or position.fingerprint == plan.fingerprint:
        return None
    change = f"{plan.topic}: the derivation changed ({position.fingerprint} before, {plan.fingerprint} now)"
    if position.fingerprint.rpartition("-")[2] != plan.fingerprint.rpartition("-")[2]:
        return (
            f"{change} and with it the meaning of the rows that are there: run techhub-cdc rebuild, which replays the "
            "log, or start the old version again"
        )
    if position.highest > position.next_offset:
        return (
            f"{change} while rows are above the watermark: start the old version until it has drained and stopped, "
            "then this one"
        )
    return None
