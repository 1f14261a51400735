"""What must be in the sink, computed from what the log has shown, by code that shares nothing with the pipeline."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.rows import Partition, Row
from streams.requests import TERMINAL
from tests.simulation.source import Commit, Relay, Seen

HOUR: Final = 3_600_000_000
MINUTE: Final = 60_000_000


@dataclass(slots=True)
class Expected:
    """Of some partitions."""

    alive: dict[int, Commit] = field(default_factory=dict)
    facts: Counter[Any] = field(default_factory=Counter)
    activity: Counter[Any] = field(default_factory=Counter)
    flow: Counter[Any] = field(default_factory=Counter)

    @classmethod
    def of(cls, seen: Iterable[Seen]) -> "Expected":
        made = cls()
        newest: dict[int, int] = {}
        for entry in seen:
            commit, kind = entry.commit, entry.kind
            if kind == "repair" and commit.at <= newest.get(commit.entity, -1):
                continue
            if kind != "read":
                newest[commit.entity] = max(commit.at, newest.get(commit.entity, 0))
                made.activity[commit.at // MINUTE * 60, commit.operation] += 1
            made.change(commit, kind)
        return made

    def change(self, commit: Commit, kind: str) -> None:
        old = self.alive.pop(commit.entity, None)
        before, after = old.status if old else "", commit.status or "removed"
        if commit.status is not None:
            self.alive[commit.entity] = commit
        if before == after or (old is None and commit.status is None):
            return
        streamed = kind != "read" and not (old is None and commit.operation == "update")
        self.facts[commit.entity, before, after, "stream" if streamed else "snapshot"] += 1
        if streamed:
            service = old.service if old is not None and commit.status is None else commit.service
            self.flow[commit.at // HOUR * 3600, service, before, after] += 1


def check(relay: Relay, rows: Mapping[str, Mapping[Any, Row]], partitions: Collection[Partition]) -> None:
    """Raises AssertionError with the name of what differs."""
    numbers = {partition.number for partition in partitions}

    def found(table: str) -> list[Row]:
        return [row for row in rows[table].values() if partition_of(table, row) in numbers]

    expected = Expected.of(entry for partition in partitions for entry in relay.seen[partition])
    alive = expected.alive
    truth = {e: row for e, row in relay.source.rows.items() if relay.place(e) in partitions}
    assert {e: (c.status, c.service, c.assignee) for e, c in alive.items()} == {
        e: (c.status, c.service, c.assignee) for e, c in truth.items()
    }, "the model: the log shows something else than the source has"
    assert expected.facts == Counter((r[0], r[2], r[3], r[7]) for r in found("request_transitions")), "facts"
    requests = {r[0]: (r[1], r[4]) for r in found("requests") if not r[-1]}
    assert requests == {e: (c.status, c.service) for e, c in alive.items()}, "entity rows"
    mirror = {r[0]: (r[2], r[1], r[5]) for r in found("service_servicerequest") if not r[-1]}
    assert mirror == {e: (c.status, c.service, c.assignee) for e, c in alive.items()}, "mirror"
    backlog = Counter((c.service, c.status, c.assignee or 0) for c in alive.values() if c.status not in TERMINAL)
    assert total(found("request_backlog"), 0, 3) == backlog, "stock"
    by_status: Counter[Any] = Counter()
    for (service, status, _), number in backlog.items():
        by_status[service, status] += number
    assert total(found("request_backlog_1h"), 1, 3) == by_status, "history of the stock"
    assert total(found("request_flow_1h"), 0, 4) == expected.flow, "flow"
    activity = {(minute, operation): n for (minute, *_, operation), n in total(found("activity_1m"), 0, 4).items()}
    assert activity == expected.activity, "activity"
    odd = {str(e) for e, c in alive.items() if c.status == "odd"}
    assert odd == {r[2] for r in found("dq_issues") if r[0] == "unknown_status" and r[5] is None}, "issues"
    letters = Counter(Partition(r[0], r[1]) for r in found("dead_letters"))
    assert letters == Counter({p: n for p, n in relay.poison.items() if p in partitions and n}), "dead letters"


def partition_of(table: str, row: Row) -> int:
    number: int = row[1] if table == "dead_letters" else row[-5] if row_of_entity(table) else row[-2]
    return number


def row_of_entity(table: str) -> bool:
    return table in ("requests", "service_servicerequest")


def total(rows: Iterable[Row], first: int, width: int) -> Counter[Any]:
    """Sums of the value behind the key, over the key's columns from `first`; without zeros."""
    found: Counter[Any] = Counter()
    for row in rows:
        found[row[first:width]] += row[width]
    return Counter({key: number for key, number in found.items() if number})
