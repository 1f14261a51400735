"""The history tables tell what happened before capture; once, however often they are asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.contract import load_contract
from schemas.lifecycles import load_lifecycles
from schemas.settings import Settings
from sinks.clickhouse import Client, connect
from sinks.history import history_statements
from sinks.migrate import migrate

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = "dateDiff('second', toDateTime64('2026-03-01 12:00:00', 6, 'UTC'), at)"


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def facts(client: Client, table: str, columns: str) -> list[Any]:
    return list(client.query(f"SELECT {columns} FROM {table} FINAL ORDER BY ALL").result_rows)


def tell(settings: Settings, client: Client) -> None:
    for statement in history_statements(load_contract(), load_lifecycles(), "techhub"):
        client.command(statement)


def log(version: int, lsn: int = 0, deleted: int = 0) -> dict[str, Any]:
    return {
        "_topic": "t", "_partition": 3, "_version": version, "_lsn": lsn, "_committed_at": START, "_deleted": deleted,
    }  # fmt: skip


def put(client: Client, table: str, **row: Any) -> None:
    client.insert(table, [list(row.values())], column_names=list(row))


def status(client: Client, id_: int, request: int | None, name: str, moment: datetime | None, **place: Any) -> None:
    row = {"id": id_, "service_request_id": request, "status": name, "created_at": moment}
    put(client, "service_servicerequeststatus", **row, **log(**{"version": id_, **place}))


def test_each_snapshot_row_of_the_history_becomes_one_transition(settings: Settings) -> None:
    migrate(settings)
    with connect(settings) as client:
        put(client, "service_servicerequest", id=1, service_id="visa", status="approved", assignee_id=7, **log(1))
        status(client, 12, 1, "sent", at(2))
        status(client, 11, 1, "draft", at(0))
        status(client, 10, 1, "approved", at(2.5))
        status(client, 13, 1, "success", at(9), lsn=5)
        status(client, 14, 1, "reject", at(3), deleted=1)
        status(client, 15, None, "sent", at(3))
        status(client, 16, 1, "sent", None)
        status(client, 20, 2, "sent", at(1))
        status(client, 21, 2, "draft", at(1))
        status(client, 22, 2, "odd", at(2))
        status(client, 23, 2, "rejected", at(3))
        for _ in range(2):
            tell(settings, client)
        client.command("OPTIMIZE TABLE request_transitions FINAL")
        columns = (
            f"request_id, from_status, to_status, {SECOND}, seconds_in_from, legal, service, assignee_id, _version"
        )
        assert facts(client, "request_transitions", columns) == [
            (1, "", "draft", 0, None, True, "visa", 7, 11),
            (1, "draft", "sent", 120, 120.0, True, "visa", 7, 12),
            (1, "sent", "approved", 150, 30.0, True, "visa", 7, 10),
            (2, "", "sent", 60, None, True, "", None, 20),
            (2, "draft", "odd", 120, 60.0, False, "", None, 22),
            (2, "odd", "rejected", 180, 60.0, True, "", None, 23),
            (2, "sent", "draft", 60, 0.0, False, "", None, 21),
        ]
        common = facts(client, "request_transitions", "DISTINCT origin, lsn, _topic, _partition")
        assert common == [("history", 0, "techhub.public.service_servicerequeststatus", 3)]


def test_bookings_have_a_history_too(settings: Settings) -> None:
    migrate(settings)
    with connect(settings) as client:
        put(client, "booking_booking", id=1, room_id=4, status="finished", **log(1))
        put(client, "booking_bookingstatus", id=1, booking_id=1, status="active", created_at=at(0), **log(1))
        put(client, "booking_bookingstatus", id=2, booking_id=1, status="finished", created_at=at(5), **log(2))
        tell(settings, client)
        columns = "booking_id, from_status, to_status, seconds_in_from, legal, room_id"
        assert facts(client, "booking_transitions", columns) == [
            (1, "", "active", None, True, 4),
            (1, "active", "finished", 300.0, True, 4),
        ]


def test_a_contract_without_history_tables_has_no_history() -> None:
    contract = load_contract().without(["service_servicerequeststatus", "booking_bookingstatus"])
    assert history_statements(contract, load_lifecycles(), "techhub") == []
