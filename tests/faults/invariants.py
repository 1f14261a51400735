"""What must hold of a pipeline, I1 to I11: one module, used by every scenario and by the end-to-end tests.

Flows in: a pipeline, the ledger of acknowledged transactions, and what was observed while a fault lasted. Raises on the
first difference. "Changes" are those of captured tables.

    I1 nothing lost, I2 nothing doubled, I3 order, I4 convergence, I5 stocks and flows   assert_consistent
    I6 honest freshness, I7 bounded, the source is never hurt                              watch.py
    I8 poison becomes dead letters and nothing else                                        assert_set_aside
    I9 what identifies people is nowhere                                                   assert_nobody_is_known
    I10 loud                                                                               assert_loud
    I11 progress once the fault has ended                                                  fresh_again
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.local.source import CANARY
from deploy.local.source.simulate import Entry
from tests.pipeline.pipeline import Pipeline, report, until
from tests.pipeline.search import in_columns, in_files, in_topics

OPERATIONS = {"insert": "create", "update": "update", "delete": "delete"}
OPEN = "status NOT IN ('success', 'reject', 'rejected')"
FACTS = {"request_transitions": "request_id", "booking_transitions": "booking_id"}


def begin(pipeline: Pipeline) -> None:
    """From here on the ledger knows every change: what tests wrote by themselves lies before."""
    pipeline.settle()
    pipeline.ledger.entries.clear()
    pipeline.counted = activity(pipeline)
    pipeline.set_aside = pipeline.value("SELECT count() FROM dead_letters FINAL")
    pipeline.folded = {
        (facts, topic, partition): version
        for facts in FACTS
        for topic, partition, version in pipeline.query(
            f"SELECT _topic, _partition, max(_version) FROM {facts} WHERE origin = 'stream' GROUP BY _topic, _partition"
        )
    }


def activity(pipeline: Pipeline) -> Counter[tuple[str, str]]:
    sql = "SELECT `table`, operation, sum(changes) FROM v_activity GROUP BY `table`, operation"
    return Counter({(table, operation): changes for table, operation, changes in pipeline.query(sql)})


def assert_nobody_is_known(pipeline: Pipeline) -> None:
    """The load writes the canary into columns that are not captured."""
    canary = (CANARY.encode(),)
    found = in_topics(pipeline, canary) + in_columns(pipeline, canary)
    found += in_files(pipeline, pipeline.worker.log.parent, canary)
    assert not found, f"the canary is in {', '.join(sorted({one.place for one in found})[:5])}"


def assert_consistent(pipeline: Pipeline) -> None:
    assert_standing(pipeline)
    assert_activity(pipeline)
    assert_every_status_change(pipeline)


def assert_standing(pipeline: Pipeline) -> None:
    """What must hold after a repair, too, which cannot bring back what only the stream could have shown."""
    pipeline.settle()
    result = pipeline.reconcile()
    assert result.exact, report(result)
    assert_nothing_in_the_way(pipeline)
    for facts, entity_id in FACTS.items():
        assert_chain(pipeline, facts, entity_id)
    assert_flows(pipeline)
    assert_stocks(pipeline)


def assert_nothing_in_the_way(pipeline: Pipeline) -> None:
    letters = pipeline.value("SELECT count() FROM dead_letters FINAL")
    assert letters == pipeline.set_aside, f"{letters} dead letters instead of {pipeline.set_aside}"
    required = pipeline.query("SELECT `table`, reason FROM resync_required FINAL WHERE resolved_at IS NULL")
    assert required == [], f"RESYNC_REQUIRED {len(required)} tables: {required[0]}"


def assert_chain(pipeline: Pipeline, facts: str, entity_id: str) -> None:
    """Per entity each fact begins where the one before ended, at a greater LSN; after a removal at nothing, and at any
    LSN: an insert that waited for a delete was logged before it."""
    sql = (
        f"SELECT {entity_id}, from_status, to_status, lsn, origin FROM {facts} FINAL WHERE origin != 'history' "
        f"ORDER BY {entity_id}, _version"
    )
    at: dict[int, tuple[str, int]] = {}
    for entity, before, after, lsn, origin in pipeline.query(sql):
        status, last = at.get(entity, ("", 0))
        assert before == status, f"{facts} {entity}: {before!r} follows {status!r}"
        assert origin == "snapshot" or lsn > last, f"{facts} {entity}: lsn {lsn} follows {last}"
        at[entity] = ("", 0) if after == "removed" else (after, max(lsn, last))


def assert_flows(pipeline: Pipeline) -> None:
    flow = (
        "SELECT hour, service, from_status, to_status, sum(transitions), sum(observed), sum(microseconds_in_from) "
        "FROM request_flow_1h FINAL GROUP BY ALL HAVING sum(transitions) != 0 ORDER BY ALL"
    )
    facts = (
        "SELECT toStartOfHour(at) AS hour, service, from_status, to_status, toInt64(count()), "
        "toInt64(count(seconds_in_from)), toInt64(sum(round(ifNull(seconds_in_from, 0) * 1000000))) "
        "FROM request_transitions FINAL WHERE origin = 'stream' "
        "GROUP BY hour, service, from_status, to_status ORDER BY ALL"
    )
    assert_equal("request_flow_1h", pipeline.query(flow), pipeline.query(facts))


def assert_stocks(pipeline: Pipeline) -> None:
    stock = (
        "SELECT service, status, assignee_id, sum(requests) AS n FROM request_backlog FINAL "
        "GROUP BY service, status, assignee_id HAVING n != 0 ORDER BY ALL"
    )
    rows = (
        "SELECT service, status, ifNull(assignee_id, 0) AS who, toInt64(count()) FROM requests FINAL "
        f"WHERE {OPEN} GROUP BY service, status, who ORDER BY ALL"
    )
    assert_equal("request_backlog", pipeline.query(stock), pipeline.query(rows))
    history = "SELECT service, status, sum(requests) AS n FROM request_backlog_1h FINAL GROUP BY ALL HAVING n != 0"
    now = f"SELECT service, status, toInt64(count()) AS n FROM requests FINAL WHERE {OPEN} GROUP BY ALL"
    assert_equal("request_backlog_1h", sorted(pipeline.query(history)), sorted(pipeline.query(now)))


def assert_equal(what: str, found: Sequence[Any], expected: Sequence[Any]) -> None:
    """Something, and the same; the harness runs without pytest, so it has to say itself what differs."""
    only = [row for row in found if row not in expected][:3], [row for row in expected if row not in found][:3]
    assert found, f"{what} is empty"
    assert found == expected, f"{what}: {only[0]} instead of {only[1]}"


def happened(pipeline: Pipeline) -> Iterator[Entry]:
    """What was acknowledged, and of what the source was interrupted in whatever it has committed all the same."""
    for entry in pipeline.ledger.entries:
        if entry.acknowledged or committed(pipeline, entry.transaction_id):
            yield entry


def committed(pipeline: Pipeline, transaction_id: str) -> bool:
    return pipeline.execute("SELECT pg_xact_status(%s::xid8)", [transaction_id]) == [("committed",)]


def changes(pipeline: Pipeline) -> int:
    """How many the ledger has."""
    return counted(pipeline).total()


def counted(pipeline: Pipeline) -> Counter[tuple[str, str]]:
    """The ledger's changes by table and operation."""
    found = Counter[tuple[str, str]]()
    for entry in happened(pipeline):
        found.update((c.table, OPERATIONS[c.operation]) for c in entry.changes if c.table in pipeline.contract.tables)
    return found


def lost_and_doubled(pipeline: Pipeline) -> tuple[int, int]:
    """Changes that are missing, and those that count too often."""
    found, expected = activity(pipeline) - pipeline.counted, counted(pipeline)
    return (expected - found).total(), (found - expected).total()


def assert_activity(pipeline: Pipeline) -> None:
    """As often as committed; what was rolled back, and what was sent twice, does not count."""
    found, expected = activity(pipeline) - pipeline.counted, counted(pipeline)
    assert found == expected, differences(found, expected)


def differences(found: Counter[Any], expected: Counter[Any]) -> str:
    wrong = {key: f"{found[key]} instead of {expected[key]}" for key in found | expected if found[key] != expected[key]}
    return f"changes by table and operation: {wrong}"


def assert_every_status_change(pipeline: Pipeline) -> None:
    """The facts of each request and booking are the ledger's statuses in their order."""
    for table, facts, entity_id in (
        ("service_servicerequest", "request_transitions", "request_id"),
        ("booking_booking", "booking_transitions", "booking_id"),
    ):
        columns = f"{entity_id}, to_status, _topic, _partition, _version"
        sql = f"SELECT {columns} FROM {facts} FINAL WHERE origin = 'stream' ORDER BY {entity_id}, _version"
        found: dict[Any, list[str]] = defaultdict(list)
        for entity, status, topic, partition, version in pipeline.query(sql):
            if version > pipeline.folded.get((facts, topic, partition), 0):
                found[entity].append(status)
        expected = acknowledged(pipeline, table)
        wrong = [
            (key, found.get(key), expected.get(key)) for key in found | expected if found.get(key) != expected.get(key)
        ]
        assert not wrong, f"{facts}, found and acknowledged: {wrong[:3]}"


def acknowledged(pipeline: Pipeline, table: str) -> dict[Any, list[str]]:
    """Each entity belongs to one connection of the simulator, so the ledger has its changes in order."""
    statuses: dict[Any, list[str]] = defaultdict(list)
    for entry in happened(pipeline):
        for change in entry.changes:
            if change.table == table and (change.status is not None or change.operation == "delete"):
                statuses[change.key].append("removed" if change.operation == "delete" else str(change.status))
    return statuses


def assert_set_aside(pipeline: Pipeline, expected: Mapping[tuple[str, int, int], str]) -> None:
    """Exactly these records are dead letters, each with a reason that begins so."""
    sql = "SELECT topic, partition, offset, reason FROM dead_letters FINAL"
    found = {(topic, partition, offset): reason for topic, partition, offset, reason in pipeline.query(sql)}
    assert found.keys() == expected.keys(), f"dead letters at {sorted(found)} instead of {sorted(expected)}"
    wrong = {at: (found[at], reason) for at, reason in expected.items() if not found[at].startswith(reason)}
    assert not wrong, f"reasons of dead letters, found and expected: {wrong}"


def assert_loud(pipeline: Pipeline, says: str) -> None:
    """Where changes may be lost, `status` says so soon, exits 1 and names the command that mends it."""

    def told() -> bool:
        done = pipeline.command("status", "--json")
        problems = " ".join(json.loads(done.stdout)["problems"]) if done.stdout else ""
        return done.returncode == 1 and says in problems and "techhub-cdc" in problems

    until(told, f"status says {says!r} and what to do")


def mend(pipeline: Pipeline) -> None:
    """What an operator does: the command that is named, word for word."""
    sql = "SELECT DISTINCT command FROM resync_required FINAL WHERE resolved_at IS NULL"
    named = [str(command) for (command,) in pipeline.query(sql)]
    assert named, "nothing is required"
    for step in max(named, key=len).split("; "):
        done = pipeline.command(*step.split()[1:])
        assert done.returncode == 0, f"{step}: {done.stderr}"


def fresh_again(pipeline: Pipeline, seconds: float, age_seconds: float) -> float:
    """Waits until every table is younger than that; how long it took."""
    began = time.monotonic()
    sql = "SELECT max(ifNull(lag_seconds, 1e9)) FROM v_freshness"
    until(lambda: pipeline.value(sql) < age_seconds, f"every table is younger than {age_seconds:g} s", seconds)
    return time.monotonic() - began
