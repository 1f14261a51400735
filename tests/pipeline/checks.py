"""What must hold of a pipeline that has passed everything: nothing lost, nothing doubled, in order.

Flows in: a settled pipeline and the simulator's ledger of acknowledged transactions. Raises on the first difference.
"""

from collections import Counter, defaultdict
from typing import Any

from tests.pipeline.pipeline import Pipeline, report

OPERATIONS = {"insert": "create", "update": "update", "delete": "delete"}
OPEN = "status NOT IN ('success', 'reject', 'rejected')"
FACTS = {"request_transitions": "request_id", "booking_transitions": "booking_id"}


def begin(pipeline: Pipeline) -> None:
    """From here on the ledger knows every change: what tests wrote by themselves lies before."""
    pipeline.settle()
    pipeline.ledger.entries.clear()
    pipeline.counted = activity(pipeline)
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


def assert_consistent(pipeline: Pipeline) -> None:
    pipeline.settle()
    result = pipeline.reconcile()
    assert result.exact, report(result)
    assert_nothing_in_the_way(pipeline)
    for facts, entity_id in FACTS.items():
        assert_chain(pipeline, facts, entity_id)
    assert_flows(pipeline)
    assert_stocks(pipeline)
    assert_activity(pipeline)
    assert_every_status_change(pipeline)


def assert_nothing_in_the_way(pipeline: Pipeline) -> None:
    assert pipeline.query("SELECT * FROM dead_letters FINAL") == []
    assert pipeline.query("SELECT * FROM resync_required FINAL") == []


def assert_chain(pipeline: Pipeline, facts: str, entity_id: str) -> None:
    """Per entity each fact begins where the one before ended, at a greater LSN; after a removal at nothing."""
    sql = (
        f"SELECT {entity_id}, from_status, to_status, lsn, origin FROM {facts} FINAL WHERE origin != 'history' "
        f"ORDER BY {entity_id}, _version"
    )
    at: dict[int, tuple[str, int]] = {}
    for entity, before, after, lsn, origin in pipeline.query(sql):
        status, last = at.get(entity, ("", 0))
        assert before == status, f"{facts} {entity}: {before!r} follows {status!r}"
        assert origin == "snapshot" or lsn > last, f"{facts} {entity}: lsn {lsn} follows {last}"
        at[entity] = ("" if after == "removed" else after, max(lsn, last))


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
    found = pipeline.query(flow)
    assert found and found == pipeline.query(facts)


def assert_stocks(pipeline: Pipeline) -> None:
    stock = (
        "SELECT service, status, assignee_id, sum(requests) AS n FROM request_backlog FINAL "
        "GROUP BY service, status, assignee_id HAVING n != 0 ORDER BY ALL"
    )
    rows = (
        "SELECT service, status, ifNull(assignee_id, 0) AS who, toInt64(count()) FROM requests FINAL "
        f"WHERE {OPEN} GROUP BY service, status, who ORDER BY ALL"
    )
    found = pipeline.query(stock)
    assert found and found == pipeline.query(rows)
    history = "SELECT service, status, sum(requests) AS n FROM request_backlog_1h FINAL GROUP BY ALL HAVING n != 0"
    now = f"SELECT service, status, toInt64(count()) AS n FROM requests FINAL WHERE {OPEN} GROUP BY ALL"
    assert sorted(pipeline.query(history)) == sorted(pipeline.query(now))


def assert_activity(pipeline: Pipeline) -> None:
    """As often as acknowledged; what was rolled back, and what was sent twice, does not count."""
    counted = Counter[tuple[str, str]]()
    for entry in pipeline.ledger.entries:
        assert entry.acknowledged, "the source stayed up: there is no uncertain transaction"
        counted.update((c.table, OPERATIONS[c.operation]) for c in entry.changes if c.table in pipeline.contract.tables)
    assert activity(pipeline) - pipeline.counted == counted


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
        assert found == acknowledged(pipeline, table), table


def acknowledged(pipeline: Pipeline, table: str) -> dict[Any, list[str]]:
    """Each entity belongs to one connection of the simulator, so the ledger has its changes in order."""
    statuses: dict[Any, list[str]] = defaultdict(list)
    for entry in pipeline.ledger.entries:
        for change in entry.changes:
            if change.table == table and (change.status is not None or change.operation == "delete"):
                statuses[change.key].append("removed" if change.operation == "delete" else str(change.status))
    return statuses
