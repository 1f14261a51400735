"""Where changes may be missing, RESYNC_REQUIRED says so by itself, names what mends it, and what it names mends it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from connectors import catalogue
from connectors.rest import Connect
from tests.faults.capture import superuser
from tests.mending.test_repair import repaired
from tests.pipeline.pipeline import Pipeline, report, until
from tests.pipeline.rows import REQUESTS, add_request, facts

LOUD_SECONDS = 60.0


def required(pipeline: Pipeline) -> dict[str, str]:
    sql = "SELECT `table`, reason FROM resync_required FINAL WHERE resolved_at IS NULL"
    return {str(table): str(reason) for table, reason in pipeline.query(sql)}


def loud(pipeline: Pipeline, *tables: str) -> str:
    """Waits until exactly these tables are in RESYNC_REQUIRED and status says so; what it says."""
    until(lambda: set(required(pipeline)) == set(tables), f"RESYNC_REQUIRED {tables}", LOUD_SECONDS)
    status = pipeline.command("status", "--json")
    assert status.returncode == 1
    assert {row["table"] for row in json.loads(status.stdout)["resync_required"]} == set(tables)
    return " ".join(json.loads(status.stdout)["problems"])


def mended(pipeline: Pipeline) -> None:
    repaired(pipeline)
    assert required(pipeline) == {}
    result = pipeline.reconcile()
    assert result.exact, report(result)
    assert pipeline.command("status").returncode == 0


def raised(pipeline: Pipeline) -> int:
    return int(pipeline.execute("SELECT seq FROM cdc.heartbeat WHERE id = 1")[0][0])


def stopped(pipeline: Pipeline, connect: Connect) -> None:
    connect.stop()
    with catalogue.connect(pipeline.settings) as connection:
        until(
            lambda: (
                (slot := catalogue.read_slot(connection, pipeline.settings.slot_name)) is not None
                and slot.active_pid is None
            ),
            "the slot is given up",
        )


def test_capture_that_is_held_still_goes_on_where_it_was_and_nothing_is_required(torn: Pipeline) -> None:
    for expected in ("connector paused\n", "connector paused already\n"):
        done = torn.command("connectors", "pause")
        assert done.returncode == 0 and done.stdout.startswith(expected), done.stdout + done.stderr
        assert "of WAL" in done.stdout
    number = add_request(torn, "sent")
    done = torn.command("connectors", "resume")
    assert done.returncode == 0 and done.stdout.startswith("connector running\n"), done.stdout + done.stderr
    torn.settle()
    assert facts(torn, number) == [("", "sent", True)]
    assert required(torn) == {}


def test_a_renamed_column_is_noticed_and_its_table_alone_waits(torn: Pipeline) -> None:
    torn.execute("ALTER TABLE booking_room RENAME COLUMN name TO title")
    said = loud(torn, "booking_room")
    assert "RESYNC_REQUIRED booking_room: booking_room.name is not in the database" in said
    torn.execute("UPDATE booking_room SET title = 'renamed meanwhile' WHERE id = 1")
    number = add_request(torn, "sent")
    until(lambda: facts(torn, number) == [("", "sent", True)], "other tables go on")
    torn.execute("ALTER TABLE booking_room RENAME COLUMN title TO name")
    mended(torn)
    assert torn.value("SELECT name FROM booking_room FINAL WHERE id = 1") == "renamed meanwhile"


def test_a_table_that_left_the_publication_is_noticed(torn: Pipeline) -> None:
    publication = torn.settings.publication
    torn.execute(f"ALTER PUBLICATION {publication} DROP TABLE {REQUESTS}")
    number = add_request(torn, "sent")
    assert "taken out of the publication" in loud(torn, REQUESTS)
    done = torn.command("connectors", "apply")
    assert done.returncode == 0, done.stderr
    mended(torn)
    assert facts(torn, number)[-1][1] == "sent"


def move_ahead(pipeline: Pipeline) -> None:
    """The slot confirms all of the log. Its restart point comes to the last list of running transactions, so one is
    written now; a transaction that was open before it keeps the restart point where it was."""
    with superuser(pipeline) as source:
        source.execute("SELECT pg_log_standby_snapshot()")
    advance = "SELECT pg_replication_slot_advance(%s, pg_current_wal_lsn())"
    pipeline.execute(advance, [pipeline.settings.slot_name])


def move_beyond(pipeline: Pipeline) -> None:
    """Until the restart point has passed everything that was confirmed before: it goes from list to list."""
    slot = "FROM pg_replication_slots WHERE slot_name = %s"
    ((confirmed,),) = pipeline.execute(f"SELECT confirmed_flush_lsn {slot}", [pipeline.settings.slot_name])

    def beyond() -> bool:
        move_ahead(pipeline)
        sql = f"SELECT restart_lsn > %s::pg_lsn {slot}"
        return bool(pipeline.execute(sql, [confirmed, pipeline.settings.slot_name])[0][0])

    until(beyond, "the restart point is beyond")


@contextmanager
def open_transaction(pipeline: Pipeline) -> Iterator[None]:
    with psycopg.connect(pipeline.dsn) as connection:
        connection.execute("UPDATE booking_room SET name = name WHERE id = 1")
        yield
        connection.rollback()


def test_changes_that_a_moved_slot_lost_are_noticed_whoever_starts_the_connector(torn: Pipeline) -> None:
    settings, gone = torn.settings, add_request(torn, "sent")
    assert settings.connect_url is not None
    with Connect(settings.connect_url, settings.connector_name) as connect:
        # Debezium compares its position with the restart point, which stays behind it: it reads on and says nothing
        with open_transaction(torn):
            torn.settle()
            stopped(torn, connect)
            before = raised(torn)
            until(lambda: raised(torn) > before + 2, "the pulse goes on without the connector")
            torn.execute(f"DELETE FROM {REQUESTS} WHERE id = %s", [gone])
            move_ahead(torn)
        refused = torn.command("connectors", "resume")
        assert refused.returncode == 1 and "was moved ahead" in refused.stderr and "connectors delete" in refused.stderr
        connect.resume()
        said = loud(torn, *torn.contract.tables)
        assert f"RESYNC_REQUIRED {len(torn.contract.tables)} tables" in said
        until(lambda: torn.worker.said("heartbeats are missing in the log"), "the log itself shows it")
    assert facts(torn, gone) == [("", "sent", True)]
    mended(torn)
    assert facts(torn, gone)[-1][:2] == ("sent", "removed")


def test_a_slot_that_debezium_refuses_is_noticed_and_what_status_names_mends_it(torn: Pipeline) -> None:
    settings, gone = torn.settings, add_request(torn, "sent")
    torn.settle()
    assert settings.connect_url is not None
    with Connect(settings.connect_url, settings.connector_name) as connect:
        stopped(torn, connect)
        torn.execute(f"DELETE FROM {REQUESTS} WHERE id = %s", [gone])
        move_beyond(torn)
        connect.resume()
        until(lambda: (status := connect.status()) is not None and status.failed, "Debezium refuses the slot")
    assert "was moved ahead" in loud(torn, *torn.contract.tables)
    torn.execute("SELECT pg_drop_replication_slot(%s)", [settings.slot_name])
    until(lambda: "the replication slot is gone" in loud(torn, *torn.contract.tables), "the slot is missed")
    command = "techhub-cdc connectors delete --yes; techhub-cdc connectors apply; techhub-cdc reconcile --repair"
    assert command in loud(torn, *torn.contract.tables)
    for step in command.split("; "):
        done = torn.command(*step.split()[1:])
        assert done.returncode == 0, f"{step}: {done.stderr}"
    mended(torn)
    assert facts(torn, gone)[-1][:2] == ("sent", "removed")
