"""Under load ClickHouse is what PostgreSQL is, and every public view shows what plain SQL over the source shows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from deploy.local.source.simulate import Ledger
from tests.faults.invariants import assert_activity, assert_consistent, assert_every_status_change, begin
from tests.pipeline.pipeline import Pipeline

RATE, SECONDS, SEED = 100.0, 15.0, 3
AGES = {"age_seconds", "oldest_age_seconds"}
"""Of now, which passes between the two reads."""
AGE_SECONDS = 3
TITLES = "title_ru title_kk title_en"
VIEWS = {
    "v_requests_open": f"request_id service {TITLES} status waiting_on since age_seconds assignee_id expert_id "
    "company_id author_id",
    "v_request_backlog": f"service {TITLES} status waiting_on assignee_id requests oldest_since oldest_age_seconds",
    "v_request_backlog_hourly": "hour service status requests",
    "v_request_flow": "minute service from_status to_status transitions avg_seconds",
    "v_request_flow_hourly": "hour service from_status to_status transitions avg_seconds",
    "v_request_conversion": "cohort_day service created reached_sent reached_approved reached_success reached_rejected",
    "v_request_funnel_daily": "day service created sent approved success rejected",
    "v_request_durations_daily": "day service metric requests avg_seconds p50_seconds p90_seconds",
    "v_request_outcomes": f"service {TITLES} total open success rejected success_share rejected_share",
    "v_reviewer_load": "role user_id open closed_7d median_handling_seconds",
    "v_rooms_now": "room_id name state booking_id until next_starts_at",
    "v_room_hours": "room_id hour booked_seconds bookings utilisation",
    "v_booking_outcomes_daily": "day room_id bookings cancelled cancelled_share avg_duration_seconds",
    "v_booking_overlaps": "room_id booking_a booking_b overlap_from overlap_to",
    "v_activity": "minute domain table operation changes",
    "v_freshness": "table last_change_at state",
    "v_dq": "rule entity open",
}
"""The public views that exist, and their columns."""


@pytest.fixture(scope="module")
def loaded(pipeline: Pipeline) -> Pipeline:
    """The pipeline when it has passed a load of every kind of transaction, beside which triggers kept a log."""
    begin(pipeline)
    summary = pipeline.simulate(RATE, SECONDS, SEED)
    assert summary.rolled_back and summary.committed > 100
    pipeline.settle()
    return pipeline


def test_mirror_stocks_flows_and_facts_are_exact(loaded: Pipeline) -> None:
    assert_consistent(loaded)


def test_facts_have_the_commit_times_of_the_source(loaded: Pipeline) -> None:
    facts = (
        "SELECT request_id, from_status, to_status, at, seconds_in_from, legal, service FROM request_transitions FINAL "
        "WHERE origin = 'stream' ORDER BY request_id, _version"
    )
    log = (
        "SELECT id, from_status, to_status, at, oracle.seconds(spent), true, service FROM oracle.transition "
        "WHERE origin = 'stream' ORDER BY id, seq"
    )
    found, expected = loaded.query(facts), [plain(row) for row in loaded.execute(log)]
    assert len(found) > 100
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    assert found == expected


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_what_plain_sql_over_the_source_shows(loaded: Pipeline, view: str) -> None:
    names = VIEWS[view].split()
    found, expected = both(loaded, view)
    if view == "v_freshness":
        changed = {row[0] for row in expected}
        assert changed >= {"service_servicerequest", "booking_booking", "account_user"}
        assert {row[2] for row in found} <= {"live", "idle"}
        found = [row for row in found if row[0] in changed]
    assert expected, "the load left nothing to show"
    assert_same(names, found, expected)


def test_the_comparisons_notice_one_row_and_one_change(loaded: Pipeline) -> None:
    """What shows nothing when something is wrong would be worth nothing."""
    one = "id = (SELECT min(request_id) FROM oracle.v_requests_open)"
    with loaded.source.transaction(force_rollback=True):
        loaded.execute("SELECT set_config('oracle.now', now()::text, true)")
        loaded.execute(f"UPDATE service_servicerequest SET company_id = NULL, expert_id = author_id WHERE {one}")
        view = "v_requests_open"
        with pytest.raises(AssertionError):
            assert_same(VIEWS[view].split(), *both(loaded, view))
    shorter = Ledger()
    shorter.entries = [entry for entry in loaded.ledger.entries if entry.name == "advance_request"][1:]
    for check in (assert_activity, assert_every_status_change):
        with pytest.raises(AssertionError):
            check(replace(loaded, ledger=shorter))


def both(pipeline: Pipeline, view: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What the view shows, and what the oracle says for the same instant."""
    names = VIEWS[view].split()
    now = datetime.fromtimestamp(pipeline.value("SELECT toUnixTimestamp64Micro(now64(6))") / 1e6, UTC)
    found = typed(pipeline, f"SELECT {', '.join(f'`{name}`' for name in names)} FROM {view}")
    with pipeline.source.transaction():
        pipeline.execute("SELECT set_config('oracle.now', %s, true)", [now.isoformat()])
        listed = ", ".join(f'"{name}"' for name in names)
        return found, [plain(row) for row in pipeline.execute(f"SELECT {listed} FROM oracle.{view}")]


def typed(pipeline: Pipeline, sql: str) -> list[tuple[Any, ...]]:
    """Rows with every instant in microseconds, whatever its type."""
    integers = {"DateTime64*": "int", "DateTime*": "int"}
    result = pipeline.sink.query(sql, query_formats=integers)
    seconds = ["DateTime" in t.name and "DateTime64(6" not in t.name for t in result.column_types]
    return [
        tuple(v * 1_000_000 if s and v is not None else v for v, s in zip(row, seconds, strict=True))
        for row in result.result_rows
    ]


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(plain_value(value) for value in row)


def plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // datetime.resolution
    return float(value) if isinstance(value, Decimal) else value


def assert_same(names: list[str], found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> None:
    """The same rows in any order; floats to their last bits, ages within the moment between the reads."""
    about = [i for i, name in enumerate(names) if name in AGES]
    floats = [
        i for i in range(len(names)) if i not in about and any(isinstance(row[i], float) for row in (*found, *expected))
    ]
    exact = [i for i in range(len(names)) if i not in (*about, *floats)]

    def key(row: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(f"{row[i]:%Y-%m-%d}" if isinstance(row[i], date) else str(row[i]) for i in exact)

    found, expected = sorted(found, key=key), sorted(expected, key=key)
    assert [key(row) for row in found] == [key(row) for row in expected]
    for mine, theirs in zip(found, expected, strict=True):
        for i in floats:
            assert mine[i] == (None if theirs[i] is None else pytest.approx(theirs[i], rel=1e-9, abs=1e-6)), (
                mine,
                names[i],
            )
        assert all(abs(mine[i] - theirs[i]) <= AGE_SECONDS for i in about), (mine, theirs)
