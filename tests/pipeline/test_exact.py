"""Under load ClickHouse is what PostgreSQL is, and every public view shows what plain SQL over the source shows."""

from dataclasses import replace

import pytest

from deploy.local.source.simulate import Ledger
from tests.faults.invariants import assert_activity, assert_consistent, assert_every_status_change, begin
from tests.pipeline.oracle import COLUMNS, assert_same, both, compare, plain
from tests.pipeline.pipeline import Pipeline

RATE, SECONDS, SEED = 100.0, 10.0, 3
RARE = {"v_sms_daily", "v_dq_orphans", "v_dq_history_mismatches", "v_company_flow_daily", "v_content_backlog",
    "v_content_backlog_hourly"}  # fmt: skip
"""A short load may leave nothing to show."""


@pytest.fixture(scope="module")
def loaded(pipeline: Pipeline) -> Pipeline:
    """The pipeline when it has passed a load of every kind of transaction, beside which triggers kept a log."""
    begin(pipeline)
    summary = pipeline.simulate(RATE, SECONDS, SEED)
    assert summary.rolled_back and summary.committed > 100
    pipeline.settle()
    return pipeline


def test_before_the_load_every_view_shows_what_plain_sql_shows(pipeline: Pipeline) -> None:
    pipeline.settle()
    for view in COLUMNS:
        compare(pipeline, view)


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


@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_shows_what_plain_sql_over_the_source_shows(loaded: Pipeline, view: str) -> None:
    assert compare(loaded, view) or view in RARE, "the load left nothing to show"


def test_the_comparisons_notice_one_row_and_one_change(loaded: Pipeline) -> None:
    """What shows nothing when something is wrong would be worth nothing."""
    one = "id = (SELECT min(request_id) FROM oracle.v_requests_open)"
    with loaded.source.transaction(force_rollback=True):
        loaded.execute("SELECT set_config('oracle.now', now()::text, true)")
        loaded.execute(f"UPDATE service_servicerequest SET company_id = NULL, expert_id = author_id WHERE {one}")
        view = "v_requests_open"
        with pytest.raises(AssertionError):
            assert_same(view, COLUMNS[view], *both(loaded, view))
    shorter = Ledger()
    shorter.entries = [entry for entry in loaded.ledger.entries if entry.name == "advance_request"][1:]
    for check in (assert_activity, assert_every_status_change):
        with pytest.raises(AssertionError):
            check(replace(loaded, ledger=shorter))
