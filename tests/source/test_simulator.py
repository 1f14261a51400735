"""The simulator against a real PostgreSQL; its ledger is held against the rows."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.local.source import CANARY, NotEmbedded, install
from deploy.local.source.domains.core_content import PLACES
from deploy.local.source.domains.service import NEXT
from deploy.local.source.simulate import Ledger, NotReachable, Simulator
from deploy.local.source.simulate.actions import ACTIONS, WEIGHTS
from schemas.contract import Table, load_contract
from schemas.lifecycles import load_lifecycles

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TABLE = "service_servicerequest"
WITH_STATUS = """
SELECT c.table_name FROM information_schema.columns c JOIN information_schema.columns k USING (table_schema, table_name)
WHERE table_schema = 'public' AND c.column_name = 'status' AND k.column_name = 'id'
"""
UPSERTED = {"user_sessions_session", "django_session", "hub_cache_table", "thumbnail_kvstore"}
"""Their inserts may be updates."""


@pytest.fixture(scope="module")
def template(new_database: Callable[..., str]) -> str:
    dsn = new_database()
    install(dsn, scale=0.01, now=NOW)
    return dsn.rpartition("/")[2]


@pytest.fixture
def dsn(new_database: Callable[..., str], template: str) -> str:
    return new_database(template)


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def statuses(dsn: str, table: str) -> dict[object, object]:
    return dict(rows(dsn, f"SELECT id, status FROM {table}"))


def replayed(before: dict[object, object], ledger: Ledger, table: str) -> dict[object, object]:
    """The statuses that the ledger says the rows have."""
    state = dict(before)
    for change in (change for entry in ledger.entries for change in entry.changes if change.table == table):
        if change.operation == "delete":
            del state[change.key]
        elif change.status is not None:
            state[change.key] = change.status
    return state


def captured(table: Table) -> set[str]:
    """Columns that are captured as they are, quoted."""
    return {f'"{column.source}"' for column in table.columns if not column.path}


def counts(dsn: str) -> dict[str, int]:
    names = rows(dsn, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for (name,) in names)
    return dict(rows(dsn, query))


@pytest.mark.parametrize("connections", [1, 3])
def test_the_ledger_tells_what_the_database_holds(dsn: str, connections: int) -> None:
    tables = [name for (name,) in rows(dsn, WITH_STATUS)]
    assert {TABLE, "booking_booking", "account_company", "core_feed", *PLACES} <= {*tables}
    before, rows_before = {table: statuses(dsn, table) for table in tables}, counts(dsn)
    with Simulator(dsn, 3, connections=connections) as simulator:
        summary = simulator.run(transactions=1500)
    assert summary.committed == len(simulator.ledger.entries) == 1500
    assert summary.rolled_back > 10 and summary.uncertain == 0
    for table in tables:
        assert replayed(before[table], simulator.ledger, table) == statuses(dsn, table), table
    expected = Counter(rows_before)
    for change in (change for entry in simulator.ledger.entries for change in entry.changes):
        expected[change.table] += {"insert": 1, "update": 0, "delete": -1}[change.operation]
    after = counts(dsn)
    assert {name: expected[name] for name in after if name not in UPSERTED} == {
        name: count for name, count in after.items() if name not in UPSERTED
    }


def test_the_same_seed_makes_the_same_transactions(new_database: Callable[..., str], template: str) -> None:
    runs = []
    for seed in (5, 5, 6):
        dsn = new_database(template)
        with Simulator(dsn, seed, clock=lambda: NOW) as simulator:
            simulator.run(transactions=400)
        columns = "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM"
        content = [rows(dsn, f"{columns} {table} t") for table in (TABLE, "booking_booking", "account_user", *PLACES)]
        runs.append(([(entry.name, entry.changes) for entry in simulator.ledger.entries], content))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_every_kind_of_transaction_happens(dsn: str) -> None:
    with Simulator(dsn, weights=dict.fromkeys(ACTIONS, 1.0)) as simulator:
        summary = simulator.run(transactions=2500)
    assert WEIGHTS.keys() == ACTIONS.keys() <= summary.transactions.keys()
    assert summary.conflicts == 0
    for table in load_contract().tables.values():
        texts = " || ".join(f"coalesce({name}::text, '')" for name in captured(table))
        assert rows(dsn, f"SELECT count(*) FROM {table.name} WHERE {texts} LIKE '%{CANARY}%'") == [(0,)], table.name


def test_requests_follow_their_lifecycle_with_a_history_row_for_every_step(dsn: str) -> None:
    status = statuses(dsn, TABLE)
    with Simulator(dsn, 2) as simulator:
        simulator.run(transactions=1000)
    entered: Counter[str] = Counter()
    for entry in simulator.ledger.entries:
        for change in entry.changes:
            if change.table == TABLE and change.status is not None:
                if change.operation == "update":
                    assert change.status in NEXT[str(status[change.key])]
                status[change.key] = change.status
                entered[change.status] += 1
        recorded = Counter(c.status for c in entry.changes if c.table.endswith("requeststatus") and c.status)
        assert recorded == Counter(c.status for c in entry.changes if c.table == TABLE and c.status)
    assert entered.keys() == {*NEXT, "success", "reject", "rejected"}


def test_content_is_walked_through_moderation_shown_hidden_and_deleted(dsn: str) -> None:
    before = {table: statuses(dsn, table) for table in PLACES}
    status = {table: dict(known) for table, known in before.items()}
    walks = {name: WEIGHTS[name] for name in WEIGHTS if ACTIONS[name].__module__.endswith(".content")}
    with Simulator(dsn, 2, weights=walks | {"join_event": 1, "write_comment": 1}) as simulator:
        simulator.run(transactions=600)
    lifecycles = {lifecycle.table: lifecycle for lifecycle in load_lifecycles(load_contract()).values()}
    entered: Counter[str] = Counter()
    for change in (change for entry in simulator.ledger.entries for change in entry.changes if change.table in PLACES):
        known = status[change.table]
        if change.operation == "delete":
            del known[change.key]
            entered["removed"] += 1
        elif change.status is not None:
            before_it = str(known.get(change.key, ""))
            assert before_it == change.status or lifecycles[change.table].is_legal(before_it, change.status)
            known[change.key] = change.status
            entered[change.status] += 1
    assert entered.keys() == {"draft", "sent", "correction", "success", "reject", "deleted", "removed"}
    for table in PLACES:
        assert status[table] == statuses(dsn, table)
        kind = table.removeprefix("core_")
        join = f"{table} c LEFT JOIN core_feed f ON f.{kind}_id = c.id"
        assert rows(dsn, f"SELECT count(*) FROM {join} WHERE f.status IS DISTINCT FROM c.status") == [(0,)]


def test_a_bounce_leaves_the_status_as_it_was(dsn: str) -> None:
    with Simulator(dsn, weights={"bounce_request": 1}) as simulator:
        simulator.run(transactions=60)
    bounces = [entry for entry in simulator.ledger.entries if entry.name == "bounce_request"]
    for entry in bounces:
        there, back = (change.status for change in entry.changes if change.table == TABLE)
        assert {there, back} == {"sent", "correction"}
    assert bounces


def test_edits_store_data_out_of_line(dsn: str) -> None:
    with Simulator(dsn, weights={"edit_request": 1}) as simulator:
        simulator.run(transactions=40)
    assert rows(dsn, f"SELECT count(*) > 3 FROM {TABLE} WHERE pg_column_size(data) > 8192") == [(True,)]


def test_rolled_back_work_leaves_no_trace(dsn: str) -> None:
    before = statuses(dsn, TABLE)
    with Simulator(dsn, rollbacks=1.0) as simulator:
        run = threading.Thread(target=simulator.run)
        run.start()
        while simulator.summary().rolled_back < 100 and run.is_alive():
            run.join(0.01)
        simulator.stop()
        run.join(30)
    assert simulator.summary().committed == 0 and not simulator.ledger.entries
    assert statuses(dsn, TABLE) == before


def test_bookings_overlap_now_and_then_and_seldom_end_before_they_start(dsn: str) -> None:
    with Simulator(dsn, weights={"book_room": 1}) as simulator:
        simulator.run(transactions=1200)
    [(reversed_bookings,)] = rows(dsn, 'SELECT count(*) FROM booking_booking WHERE "end" < start')
    [(overlaps,)] = rows(
        dsn,
        "SELECT count(*) FROM booking_booking a JOIN booking_booking b ON a.room_id = b.room_id AND a.id < b.id"
        ' AND a.start < b."end" AND b.start < a."end"',
    )
    assert 0 < reversed_bookings < 60
    assert 0 < overlaps < 240


def test_an_empty_database_is_filled_with_what_requests_need(new_database: Callable[[], str]) -> None:
    dsn = new_database()
    install(dsn, empty=True)
    with Simulator(dsn) as simulator:
        summary = simulator.run(transactions=300)
    assert summary.committed == 300
    assert len(statuses(dsn, TABLE)) > 20


def test_a_row_that_somebody_else_changed_is_left_to_them(dsn: str) -> None:
    with Simulator(dsn, weights={"advance_request": 1}) as simulator:
        with psycopg.connect(dsn) as other:
            other.execute(f"UPDATE {TABLE} SET status = 'on_hold' WHERE status IN ('sent', 'approved')".encode())
        held = {key for key, status in statuses(dsn, TABLE).items() if status == "on_hold"}
        summary = simulator.run(transactions=200)
    assert 0 < summary.conflicts <= len(held)
    assert held == {key for key, status in statuses(dsn, TABLE).items() if status == "on_hold"}


def test_a_lost_connection_is_made_again_and_no_acknowledged_change_is_lost(dsn: str) -> None:
    before = statuses(dsn, TABLE)
    with Simulator(dsn) as simulator:
        run = threading.Thread(target=simulator.run, kwargs={"transactions": 2000})
        run.start()
        while run.is_alive():
            if simulator.summary().reconnects < 3:
                kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
                with psycopg.connect(dsn) as connection:
                    connection.execute(kill, ("techhub-simulator",))
            run.join(0.1)
    summary = simulator.summary()
    assert summary.committed == 2000 and summary.reconnects >= 1
    if summary.uncertain == 0:
        assert replayed(before, simulator.ledger, TABLE) == statuses(dsn, TABLE)


def test_it_is_not_faster_than_its_rate_and_ends_with_its_seconds(dsn: str) -> None:
    with Simulator(dsn) as simulator:
        assert simulator.run(rate=100, transactions=51).seconds >= 0.5
        assert 0 < simulator.run(rate=50, seconds=0.5).committed - 51 <= 26


def test_the_ledger_file_has_a_line_for_each_transaction(dsn: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with Simulator(dsn, ledger=ledger) as simulator:
        simulator.run(transactions=50)
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["name"] for line in lines] == [entry.name for entry in ledger.entries]
    assert lines[0]["changes"][0].keys() == {"table", "operation", "key", "status"}
    assert all(line["acknowledged"] for line in lines)
    ledger.close()


def test_a_database_without_the_marker_is_refused(new_database: Callable[[], str]) -> None:
    with pytest.raises(NotEmbedded, match="may be a real techhub"):
        Simulator(new_database())


def test_a_database_that_is_away_is_named_in_one_line() -> None:
    with pytest.raises(NotReachable) as error:
        Simulator("postgresql://someone:secret@127.0.0.1:1/techhub")
    assert "secret" not in str(error.value) and "\n" not in str(error.value)
