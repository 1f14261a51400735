"""A dead letter sent again: the original record out of the log, to the same partition, under the same key.

It comes out of the log like every change, so what moved on meanwhile is protected: a change whose LSN and commit time
are in the row already is dropped. What has no LSN has no such protection and is not sent. Safe to repeat: a letter that
was sent is not sent a second time, only asked after.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.records import Record, fetch, send_again
from ops.reconciliation import Mirror
from schemas.change import Change, Malformed
from schemas.errors import Problem
from schemas.rows import Partition
from schemas.settings import Settings
from sinks.clickhouse import INSERT_SETTINGS
from streams.plan import TopicPlan

DONE: Final = ("applied", "superseded", "passed")
"""Outcomes that leave nothing to do."""
COLUMNS: Final = ("topic", "partition", "offset", "outcome", "detail", "sent_offset", "replayed_at")


@dataclass(frozen=True, slots=True)
class Letter:
    """A row of `dead_letters` and what came of it; `outcome` is empty while it was not replayed."""

    topic: str
    partition: int
    offset: int
    reason: str
    received_at: Any
    outcome: str
    detail: str
    sent_offset: int | None

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Outcome:
    outcome: str
    detail: str
    sent_offset: int | None = None


def letters(mirror: Mirror, topic: str = "", *, only_open: bool = False, limit: int = 1_000_000) -> list[Letter]:
    """In the order of the log, so that replayed ones keep their order."""
    rows = mirror.select(
        "SELECT d.topic, d.partition, d.offset, d.reason, d.received_at, r.outcome, r.detail, r.sent_offset "
        "FROM dead_letters AS d FINAL LEFT JOIN (SELECT * FROM dead_letter_replays FINAL) AS r "
        "ON r.topic = d.topic AND r.partition = d.partition AND r.offset = d.offset "
        "WHERE ({topic:String} = '' OR d.topic = {topic:String}) "
        "AND (NOT {open:Bool} OR r.outcome NOT IN {done:Array(String)}) "
        "ORDER BY d.topic, d.partition, d.offset LIMIT {limit:UInt64}",
        {"topic": topic, "open": only_open, "done": list(DONE), "limit": limit},
    )
    return [Letter(*row) for row in rows]


class Replay:
    """Replays letters one by one and marks what came of each."""

    def __init__(self, settings: Settings, plans: Mapping[str, TopicPlan], mirror: Mirror, timeout: float) -> None:
        self.settings = settings
        self.plans = plans
        self.mirror = mirror
        self.timeout = timeout

    def replay(self, letter: Letter) -> Outcome:
        if letter.outcome in DONE:
            return Outcome(letter.outcome, letter.detail, letter.sent_offset)
        plan = self.plans.get(letter.topic)
        if plan is None:
            return self.mark(letter, Outcome("refused", "its table is not in the contract any more"))
        record = fetch(self.settings, Partition(letter.topic, letter.partition), letter.offset)
        if record is None:
            return self.mark(letter, Outcome("gone", "the log does not hold it any more"))
        change = self.readable(plan, record)
        if isinstance(change, Outcome):
            return self.mark(letter, change)
        sent = letter.sent_offset
        if letter.outcome != "sent" or sent is None:
            sent = send_again(self.settings, record)
            self.mark(letter, Outcome("sent", "not confirmed yet", sent))
        return self.mark(letter, self.confirmed(plan, record.partition, change, sent))

    def readable(self, plan: TopicPlan, record: Record) -> Change | Outcome:
        """What the decoder says today, or why the record is not sent."""
        table = plan.table.table.name
        try:
            change = plan.decoder.decode(record.offset, record.key, record.value)
        except Malformed as error:
            return Outcome("unreadable", f"still: {error}")
        if change.operation == "truncate":
            return Outcome("refused", f"a TRUNCATE; run techhub-cdc reconcile --repair --table {table}")
        if not change.lsn and not change.repair:
            reason = "a snapshot read would overwrite what came later"
            return Outcome("refused", f"{reason}; run techhub-cdc connectors backfill {table}")
        return change

    def confirmed(self, plan: TopicPlan, partition: Partition, change: Change, sent: int) -> Outcome:
        """Waits until the workers have read it; what its row says then."""
        self.passed(partition, sent)
        where = {"topic": partition.topic, "partition": partition.number, "offset": sent}
        again = self.mirror.select(
            "SELECT reason FROM dead_letters FINAL WHERE topic = {topic:String} AND partition = {partition:UInt16} "
            "AND offset = {offset:UInt64}",
            where,
        )
        if again:
            return Outcome("unreadable", f"set aside again as {partition}/{sent}: {again[0][0]}", sent)
        version = self.version(plan, change.key)
        if version == sent + 1:
            return Outcome("applied", "the row is as the record says", sent)
        if version > sent:
            return Outcome("passed", "read; the row has changed again since", sent)
        return Outcome("superseded", "read and dropped: the row had moved on already", sent)

    def passed(self, partition: Partition, offset: int) -> None:
        deadline = time.monotonic() + self.timeout
        while True:
            rows = self.mirror.select(
                "SELECT max(next_offset) FROM watermarks "
                "WHERE topic = {topic:String} AND partition = {partition:UInt16}",
                {"topic": partition.topic, "partition": partition.number},
            )
            if rows and int(rows[0][0]) > offset:
                return
            if time.monotonic() > deadline:
                raise Problem(
                    f"{partition}/{offset} was sent but not read within {self.timeout:.0f} s: is a worker running? "
                    "repeat to see what came of it; it is not sent a second time"
                )
            time.sleep(0.1)

    def version(self, plan: TopicPlan, key: Any) -> int:
        table, parts = plan.table.table, key if isinstance(key, tuple) else (key,)
        where = " AND ".join(f"toString(`{name}`) = {{k{i}:String}}" for i, name in enumerate(table.key))
        sql = f"SELECT max(_version) FROM `{table.name}` WHERE {where}"  # noqa: S608 names of the contract
        rows = self.mirror.select(sql, {f"k{i}": str(part) for i, part in enumerate(parts)})
        return int(rows[0][0]) if rows else 0

    def mark(self, letter: Letter, outcome: Outcome) -> Outcome:
        row = [
            letter.topic, letter.partition, letter.offset, outcome.outcome, outcome.detail, outcome.sent_offset,
            time.time_ns() // 1000,
        ]  # fmt: skip
        self.mirror.client.insert("dead_letter_replays", [row], column_names=COLUMNS, settings=INSERT_SETTINGS)
        return outcome
