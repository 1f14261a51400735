"""The laws of the fold, for every table with a lifecycle: rows depend on the log alone, never on how it was read."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.change import Change
from streams.measures import hour_of, summed
from tests.streams.log import (
    CONTRACT,
    HOUR,
    LIFECYCLES,
    PLANS,
    START,
    Log,
    Sink,
    alive,
    change,
    facts,
    fold_of,
    folded,
    issues,
    lifecycle_of,
    load,
    logs,
    numbered,
    opened,
    row,
    sums,
)

REQUESTS = LIFECYCLES["service_servicerequest"]
few = settings(max_examples=60)
cuts = st.lists(st.integers(1, 24), max_size=6)


@few
@given(logs(), cuts)
def test_any_batching_gives_the_same_rows(log: Log, at: list[int]) -> None:
    assert folded(log.plan, log.changes, at).content() == folded(log.plan, log.changes).content()


@few
@given(logs(), st.integers(0, 25), st.integers(0, 25), cuts)
def test_state_that_is_loaded_from_rows_goes_on_like_the_one_in_memory(
    log: Log, first: int, second: int, at: list[int]
) -> None:
    """A replay from any earlier point is the same: the watermark may be behind the rows."""
    whole = len(log.changes)
    mark, end = sorted((min(first, whole), min(second, whole)))
    sink = folded(log.plan, log.changes[:end], at)
    again = load(log.plan, sink, mark)
    again.fold(log.changes[mark:], whole)
    sink.write(again.take())
    assert sink.content() == folded(log.plan, log.changes).content()


@few
@given(logs(), st.integers(0, 25), st.integers(0, 25))
def test_a_flush_that_was_cut_between_its_phases_is_completed_by_a_replay(log: Log, first: int, second: int) -> None:
    whole = len(log.changes)
    mark, end = sorted((min(first, whole), min(second, whole)))
    sink, made = Sink(), fold_of(log.plan)
    made.fold(log.changes[:mark], mark)
    sink.write(made.take())
    made.fold(log.changes[mark:end], end)
    lost = made.take()
    lost.second = {}
    sink.write(lost)
    again = load(log.plan, sink, mark)
    again.fold(log.changes[mark:], whole)
    sink.write(again.take())
    assert sink.content() == folded(log.plan, log.changes).content()


@few
@given(logs(), st.integers(0, 25), st.integers(0, 20), cuts)
def test_a_table_that_alone_was_restored_is_below_its_height_and_comes_back_by_reading_into_nothing(
    log: Log, end: int, which: int, at: list[int]
) -> None:
    made, sink = fold_of(log.plan), Sink()
    made.fold(log.changes, len(log.changes))
    staged = made.take()
    sink.write(staged)
    expected = sink.content()
    heights = staged.watermark.heights
    assert {name: max(versions(sink, name)) for name in heights} == heights
    older = folded(log.plan, log.changes[:end])
    restored = sorted(heights)[which % len(heights)]
    sink.rows[restored] = older.rows[restored]
    assert folded(log.plan, log.changes, at, sink).content() == expected


def versions(sink: Sink, table: str) -> list[int]:
    return [sink.version(table, row) for row in sink.rows[table].values()]


def meaning(log: Log, sink: Sink) -> Any:
    """Rows without their place in the log."""
    plan, place = log.plan, {"_version"}
    lifecycle = lifecycle_of(plan)
    return (
        {key: {k: v for k, v in found.items() if k not in place} for key, found in alive(plan, sink).items()},
        [{k: v for k, v in fact.items() if k not in place} for fact in facts(plan, sink)],
        [sums(sink, measure.table) for measure in plan.table.measures()],
        [sums(sink, filed.table) for _, filed, _ in lifecycle.stocks if filed],
        {key: {k: v for k, v in issue.items() if k not in place} for key, issue in issues(sink).items()},
    )


@few
@given(logs(), st.lists(st.tuples(st.integers(1, 25), st.integers(1, 25)), min_size=1, max_size=4))
def test_changes_that_are_sent_again_count_once(log: Log, rewinds: list[tuple[int, int]]) -> None:
    """A connector that crashed sends what came after its last offset once more, at higher offsets."""
    sent: list[Change] = []
    position, top = 0, 0
    turns = dict(rewinds)
    while position < len(log.changes):
        step = log.changes[position]
        if step.lsn or position >= top:
            sent.append(step)
        position += 1
        top = max(top, position)
        position -= min(position, turns.pop(position, 0))
    assert meaning(log, folded(log.plan, numbered(sent))) == meaning(log, folded(log.plan, log.changes))


@few
@given(logs())
def test_stocks_equal_the_sum_over_entity_rows_and_their_history_sums_to_them(log: Log) -> None:
    sink = folded(log.plan, log.changes)
    plan = lifecycle_of(log.plan)
    width = len(plan.entity.__struct_fields__)
    entities = [plan.entity(*made[:width]) for made in sink.rows[plan.rows.name].values() if not made[-1]]
    for measure, filed, _ in plan.stocks:
        expected = dict(summed([c for entity in entities for c in measure.contributions(entity)]))
        assert sums(sink, measure.table) == {k: v for k, v in expected.items() if any(v)}
        if filed is not None:
            kept = [name for name in filed.key if name != "hour"]
            assert sums(sink, filed.table, *kept) == sums(sink, measure.table, *kept)


@few
@given(logs(["service_servicerequest"]))
def test_flows_equal_the_sum_over_streamed_facts(log: Log) -> None:
    sink = folded(log.plan, log.changes)
    count: Counter[Any] = Counter()
    spent: Counter[Any] = Counter()
    for fact in facts(log.plan, sink):
        if fact["origin"] == "stream":
            key = (hour_of(fact["at"]), fact["service"], fact["from_status"], fact["to_status"])
            count[key] += 1
            spent[key] += round((fact["seconds_in_from"] or 0) * 1_000_000)
    (flow,) = lifecycle_of(log.plan).flows
    found = sums(sink, flow.table)
    assert {key: (n, spent[key]) for key, n in count.items()} == {key: (v[0], v[2]) for key, v in found.items()}


@few
@given(logs())
def test_entity_and_mirror_rows_are_the_rows_of_the_source(log: Log) -> None:
    sink = folded(log.plan, log.changes)
    table = log.plan.table
    width = len(table.table.columns)
    mirror = {made[0]: made[:width] for made in sink.rows[table.mirror.name].values() if not made[-1]}
    assert mirror == log.truth
    names = [column.name for column in table.table.columns]
    lifecycle = lifecycle_of(log.plan).lifecycle
    copied = {"status": lifecycle.status, **lifecycle.dimensions, **lifecycle.attributes}
    found = {key: {name: entity[name] for name in copied} for key, entity in alive(log.plan, sink).items()}
    assert found == {
        key: {name: true[names.index(source)] if source else None for name, source in copied.items()}
        for key, true in log.truth.items()
    }


@few
@given(logs(snapshots=False), st.integers(0, 25))
def test_a_snapshot_and_then_the_stream_end_where_the_stream_alone_does(log: Log, start: int) -> None:
    """What the snapshot cannot know (when a status was entered, what was reached before) is left out."""
    plan, start = log.plan, min(start, len(log.changes))
    before = folded(plan, log.changes[:start])
    mirror = [made for made in before.rows[plan.table.mirror.name].values() if not made[-1]]
    width = len(plan.table.table.columns)
    at = log.changes[start - 1].committed_at if start else START
    reads = [Change(0, "read", made[0], 0, at, made[:width]) for made in mirror]
    late, whole = folded(plan, numbered([*reads, *log.changes[start:]])), folded(plan, log.changes)
    lifecycle = lifecycle_of(plan)
    names = ("status", *lifecycle.lifecycle.dimensions, *lifecycle.lifecycle.attributes)
    assert {k: [e[n] for n in names] for k, e in alive(plan, late).items()} == {
        k: [e[n] for n in names] for k, e in alive(plan, whole).items()
    }
    for measure, _, _ in lifecycle.stocks:
        assert sums(late, measure.table) == sums(whole, measure.table)


@few
@given(logs())
def test_a_snapshot_of_rows_that_the_stream_has_shown_changes_nothing(log: Log) -> None:
    at = log.changes[-1].committed_at
    reads = [Change(0, "read", key, 0, at, values) for key, values in log.truth.items()]
    before, after = folded(log.plan, log.changes), folded(log.plan, numbered([*log.changes, *reads]))
    assert meaning(log, after)[:4] == meaning(log, before)[:4]


def test_the_watermark_ends_behind_the_batch_even_without_changes() -> None:
    made = fold_of(REQUESTS)
    made.fold([], 7)
    assert made.take().watermark.next_offset == 7
    assert made.next_offset == 7


def test_a_deleted_row_stays_as_a_tombstone_that_keeps_its_position() -> None:
    sink = folded(
        REQUESTS,
        [change(REQUESTS, 0, "create", 5, 70, START, status="sent"), change(REQUESTS, 1, "delete", 5, 90, START + 1)],
    )
    for table in (REQUESTS.table.mirror, lifecycle_of(REQUESTS).rows):
        (made,) = sink.rows[table.name].values()
        assert made[-6:] == (REQUESTS.topic, 0, 2, 90, START + 1, 1)


def test_a_delete_of_a_row_that_nobody_has_seen_leaves_a_tombstone_without_a_fact() -> None:
    sink = folded(REQUESTS, [change(REQUESTS, 0, "delete", 5, 90, START)])
    assert facts(REQUESTS, sink) == []
    for table in (REQUESTS.table.mirror, lifecycle_of(REQUESTS).rows):
        (made,) = sink.rows[table.name].values()
        assert (made[0], made[-1], len(made)) == (5, 1, len(table.columns))


def test_a_snapshot_read_moves_neither_lsn_nor_commit_time() -> None:
    sink = folded(REQUESTS, [change(REQUESTS, 0, "create", 5, 70, START), change(REQUESTS, 1, "read", 5, 0, START + 9)])
    (made,) = sink.rows[REQUESTS.table.mirror.name].values()
    assert made[-4:] == (2, 70, START, 0)
    sink = folded(REQUESTS, [change(REQUESTS, 0, "read", 5, 0, START)])
    (made,) = sink.rows[REQUESTS.table.mirror.name].values()
    assert made[-4:] == (1, 0, 0, 0)


def test_a_change_after_a_snapshot_applies_though_its_transaction_began_before() -> None:
    """Against a snapshot's position an LSN proves nothing."""
    log = [
        change(REQUESTS, 0, "read", 5, 0, START, status="sent"),
        change(REQUESTS, 1, "update", 5, 3, START - HOUR, status="approved"),
    ]
    assert alive(REQUESTS, folded(REQUESTS, log))[5]["status"] == "approved"


def test_an_insert_that_waited_for_a_delete_applies_though_its_lsn_is_smaller() -> None:
    log = [
        change(REQUESTS, 0, "create", 5, 10, START, status="draft"),
        change(REQUESTS, 1, "delete", 5, 30, START + 1),
        change(REQUESTS, 2, "create", 5, 20, START + 2, status="sent"),
    ]
    assert alive(REQUESTS, folded(REQUESTS, log))[5]["status"] == "sent"


def test_activity_counts_streamed_changes_once_and_no_snapshot_reads() -> None:
    log = [
        change(REQUESTS, 0, "read", 5, 0, START),
        change(REQUESTS, 1, "update", 5, 10, START),
        change(REQUESTS, 2, "update", 5, 10, START),
        Change(3, "truncate", None, 20, START),
        Change(4, "truncate", None, 20, START),
    ]
    found = sums(folded(REQUESTS, log), REQUESTS.table.activity.table, "table", "operation")
    name = REQUESTS.table.table.name
    assert found == {(name, "update"): (1,), (name, "truncate"): (1,)}


def test_a_truncate_asks_for_a_repair_unless_it_is_sent_again() -> None:
    made = fold_of(REQUESTS)
    made.fold([Change(0, "truncate", None, 20, START)], 1)
    assert made.truncated == START
    made.truncated = None
    made.fold([Change(1, "truncate", None, 20, START)], 2)
    assert made.truncated is None
    made.fold([Change(2, "truncate", None, 30, START)], 3)
    assert made.truncated == START


def test_every_row_has_the_width_of_its_table_for_every_captured_table() -> None:
    for plan in PLANS.values():
        assert set(plan.table.table.key) <= {column.name for column in plan.table.table.columns}
        if plan.table.table.key == ("id",):
            folded(plan, [change(plan, 0, "create", 1, 5, START), change(plan, 1, "delete", 1, 6, START)])
    assert set(PLANS) == set(CONTRACT.tables)


SERVICE = [column.name for column in REQUESTS.table.table.columns].index("service_id")


def without_service(operation: str, key: int, lsn: int) -> Change:
    values = row(REQUESTS, key, status="sent")
    return Change(lsn, operation, key, lsn, START + lsn, values, (SERVICE,))


def test_a_toast_value_is_carried_forward_to_mirror_entity_and_measures() -> None:
    log = [change(REQUESTS, 0, "create", 5, 1, START, status="draft", service_id="A"), without_service("update", 5, 2)]
    sink = folded(REQUESTS, numbered(log))
    (made,) = sink.rows[REQUESTS.table.mirror.name].values()
    assert made[SERVICE] == "A"
    assert sums(sink, lifecycle_of(REQUESTS).stocks[0][0].table) == {("A", "sent", 0): (1,)}
    assert opened(sink) == set()


def test_after_a_primary_key_change_a_toast_value_is_null_with_an_issue_until_a_row_carries_it() -> None:
    moved = [without_service("create", 6, 2), without_service("update", 6, 3)]
    sink = folded(REQUESTS, numbered(moved))
    assert ("bad_value", "6") in opened(sink)
    (made,) = sink.rows[REQUESTS.table.mirror.name].values()
    assert made[SERVICE] is None
    read_again = change(REQUESTS, 2, "read", 6, 0, START + 9, status="sent", service_id="A")
    sink = folded(REQUESTS, numbered([*moved, read_again]))
    assert opened(sink) == set()
    assert alive(REQUESTS, sink)[6]["service"] == "A"
