"""RESYNC_REQUIRED as it is kept: said once for each table, and over only for what was known when a repair began."""

from collections.abc import Iterator

import pytest

from connectors.drift import Drift
from ops.guardian import Guardian
from ops.repair import open_resyncs, resolve
from schemas.contract import load_contract
from schemas.settings import Settings
from sinks.clickhouse import Client, connect
from sinks.migrate import migrate
from streams.continuity import ANEW

CONTRACT = load_contract()
LOST = Drift(None, "the replication slot is gone", capture_lost=True)
RENAMED = Drift("booking_room", "booking_room.name is not in the database")


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    migrate(settings)
    with connect(settings) as client:
        yield client
    with connect(settings, None) as server:
        server.command(f"DROP DATABASE `{settings.clickhouse_database}`")


def required(client: Client) -> dict[str, tuple[str, str]]:
    rows = client.query(
        "SELECT `table`, reason, command FROM resync_required FINAL WHERE resolved_at IS NULL"
    ).result_rows
    return {table: (reason, command) for table, reason, command in rows}


def test_what_is_found_is_kept_once_for_each_table_with_what_mends_it(settings: Settings, client: Client) -> None:
    guardian = Guardian(settings, CONTRACT)
    guardian.require({RENAMED})
    assert required(client) == {
        "booking_room": (
            RENAMED.reason, "techhub-cdc connectors apply; techhub-cdc reconcile --repair --table booking_room",
        )
    }  # fmt: skip
    before = open_resyncs(settings)
    guardian.require({RENAMED, LOST})
    found = required(client)
    assert set(found) == set(CONTRACT.tables)
    assert found["booking_room"][0] == RENAMED.reason and found["core_event"] == (LOST.reason, ANEW)
    guardian.require({RENAMED, LOST})
    after = open_resyncs(settings)
    assert after["booking_room"] == before["booking_room"] and len(after) == len(CONTRACT.tables)


def test_a_repair_ends_what_was_required_before_it_and_nothing_that_came_since(
    settings: Settings, client: Client
) -> None:
    guardian = Guardian(settings, CONTRACT)
    guardian.require({RENAMED})
    known = open_resyncs(settings)
    resolve(settings, {})
    assert set(required(client)) == {"booking_room"}
    resolve(settings, known)
    assert required(client) == {}
    guardian.require({RENAMED})
    assert set(required(client)) == {"booking_room"}, "it is still so, and said again"
    resolve(settings, known)
    assert set(required(client)) == {"booking_room"}
