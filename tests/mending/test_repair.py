"""What capture never saw is brought back through the log: `reconcile --repair`."""

import json

import psycopg
import pytest

from connectors.apply import apply
from connectors.delete import delete
from connectors.errors import CaptureLost
from tests.pipeline.pipeline import SECONDS, Pipeline, report, until
from tests.pipeline.rows import REQUESTS, add_request, facts, move

TORN = (REQUESTS, "service_service", "account_activation")
"""Their keys are a number, a text and a uuid."""


def repaired(pipeline: Pipeline) -> None:
    result = pipeline.command("reconcile", "--repair", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["exact"]


def unseen(pipeline: Pipeline, *statements: str) -> None:
    """Changes that the log does not have: made while the tables are out of the publication."""
    publication, tables = pipeline.settings.publication, ", ".join(TORN)
    pipeline.settle()
    pipeline.execute(f"ALTER PUBLICATION {publication} DROP TABLE {tables}")
    for statement in statements:
        pipeline.execute(statement)
    pipeline.settle()
    pipeline.execute(f"ALTER PUBLICATION {publication} ADD TABLE {tables}")


def test_missing_extra_and_different_rows_come_back_while_writes_go_on(torn: Pipeline) -> None:
    kept, changed, gone = (add_request(torn, "sent") for _ in range(3))
    move(torn, REQUESTS, kept, "approved")
    activation = "gen_random_uuid(), id, 'somebody@example.kz', now() FROM account_user LIMIT 1"
    torn.execute(f"INSERT INTO account_activation (uuid, user_id, email, created_at) SELECT {activation}")
    copy = "service_id, 'sent', author_id, '{}', now(), now() FROM service_servicerequest"
    unseen(
        torn,
        f"UPDATE {REQUESTS} SET status = 'success' WHERE id = {changed}",
        f"DELETE FROM {REQUESTS} WHERE id = {gone}",
        f"INSERT INTO {REQUESTS} (service_id, status, author_id, data, created_at, updated_at) SELECT {copy} LIMIT 1",
        "UPDATE service_service SET is_active = NOT is_active WHERE code = (SELECT max(code) FROM service_service)",
        "DELETE FROM account_activation WHERE uuid IN (SELECT uuid FROM account_activation LIMIT 1)",
    )
    found = {part.name: {row.kind for row in part.found} for part in torn.reconcile(TORN).comparisons}
    assert [found[table] for table in TORN] == [{"missing", "extra", "different"}, {"different"}, {"extra"}]
    with torn.load(20, 5, 3):
        repaired(torn)
    result = torn.reconcile()
    assert result.exact, report(result)
    # the load may have moved it on
    assert facts(torn, kept)[:2] == [("", "sent", True), ("sent", "approved", True)]
    assert facts(torn, gone)[-1][:2] == ("sent", "removed")
    origins = "SELECT origin FROM request_transitions FINAL WHERE request_id = {id:Int64} ORDER BY _version"
    assert [origin for (origin,) in torn.query(origins, {"id": changed})][:2] == ["stream", "snapshot"]


def test_a_truncated_table_is_mended_and_says_so(torn: Pipeline) -> None:
    torn.execute("TRUNCATE booking_bookingstatus")
    required = "SELECT count() FROM resync_required FINAL WHERE resolved_at IS NULL"
    until(lambda: torn.value(required) == 1, "the table is in RESYNC_REQUIRED")
    repaired(torn)
    assert torn.value(required) == 0
    assert torn.value("SELECT count() FROM booking_bookingstatus FINAL") == 0
    assert torn.command("status").returncode == 0


def test_after_a_lost_slot_capture_starts_anew_and_deletes_in_the_gap_are_found(torn: Pipeline) -> None:
    gone, moved = add_request(torn, "sent"), add_request(torn, "sent")
    torn.settle()
    slot = torn.settings.slot_name
    torn.command("connectors", "status")
    torn.kill_part("connect")
    torn.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", [slot])
    until(lambda: drop_slot(torn, slot), "the slot is dropped")
    torn.execute(f"DELETE FROM {REQUESTS} WHERE id = %s", [gone])
    move(torn, REQUESTS, moved, "approved")
    torn.restore()
    with pytest.raises(CaptureLost):
        apply(torn.settings, torn.contract, lambda _: None, deadline_seconds=SECONDS)
    delete(torn.settings, lambda _: None)
    apply(torn.settings, torn.contract, lambda _: None, deadline_seconds=SECONDS)
    repaired(torn)
    assert facts(torn, gone)[-1][:2] == ("sent", "removed")
    assert facts(torn, moved)[-1][:2] == ("sent", "approved")


def drop_slot(pipeline: Pipeline, slot: str) -> bool:
    try:
        pipeline.execute("SELECT pg_drop_replication_slot(%s)", [slot])
    except psycopg.errors.ObjectInUse:
        return False
    return True
