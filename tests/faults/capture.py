"""Capture that lost changes: a slot dropped, moved or invalidated, a log cut off behind the worker's position."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final

import psycopg
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.apply import apply
from connectors.delete import delete
from connectors.errors import ConnectorsError
from connectors.kafka import kafka_config
from connectors.topics import ends
from deploy.local import postgres, state
from deploy.local.place import Place
from tests.faults.invariants import assert_loud, assert_standing, mend
from tests.faults.rows import inserted, record, write_elsewhere
from tests.faults.scenario import Run, Scenario
from tests.pipeline.pipeline import SECONDS, Pipeline, report, until
from tests.pipeline.rows import REQUESTS, add_request, facts, move

# -- a slot from which changes were lost ------------------------------------------------------------------------------


def capture_lost(run: Run, lose: Callable[[Run], None]) -> None:
    """Changes that no log has, deletes among them; loud within 30 s, and mended while writes go on."""
    pipeline = run.pipeline
    with run.load():
        # made when the load knows its own rows, so that it leaves these alone
        gone, moved = add_request(pipeline, "sent"), add_request(pipeline, "sent")
        pipeline.settle()
        run.pause(1.0, 3.0)
        pipeline.kill_part("connect")
        pipeline.execute(f"DELETE FROM {REQUESTS} WHERE id = %s", [gone])
        move(pipeline, REQUESTS, moved, "approved")
        run.pause(1.0, 2.0)
        lose(run)
        pipeline.restore()
        assert_loud(pipeline, "RESYNC_REQUIRED")
        mend(pipeline)
        run.recovered()
    assert_standing(pipeline)
    assert facts(pipeline, gone)[-1][:2] == ("sent", "removed")
    assert facts(pipeline, moved)[-1][:2] == ("sent", "approved")


def dropped(run: Run) -> None:
    slot = run.pipeline.settings.slot_name
    until(lambda: on_slot(run.pipeline, "SELECT pg_drop_replication_slot(%s)", slot), "the slot is dropped")
    run.inject("slot dropped")


def ahead(run: Run) -> None:
    slot = run.pipeline.settings.slot_name
    advance = "SELECT pg_replication_slot_advance(%s, pg_current_wal_lsn())"
    until(lambda: on_slot(run.pipeline, advance, slot), "the slot is moved")
    run.inject("slot moved ahead")


def on_slot(pipeline: Pipeline, sql: str, slot: str) -> bool:
    """False while somebody still reads it."""
    pipeline.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", [slot])
    try:
        pipeline.execute(sql, [slot])
    except psycopg.errors.ObjectInUse:
        return False
    return True


def invalidated(run: Run) -> None:
    """PostgreSQL gives the slot up, because it would keep too much of the log."""
    pipeline = run.pipeline
    lost = "SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = %s"
    with superuser(pipeline) as source:
        try:
            source.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '32MB'")
            source.execute("SELECT pg_reload_conf()")

            def given_up() -> bool:
                write_elsewhere(pipeline, 20)
                source.execute("SELECT pg_switch_wal()")
                source.execute("CHECKPOINT")
                return pipeline.execute(lost, [pipeline.settings.slot_name]) == [(True,)]

            until(given_up, "the slot is invalidated")
        finally:
            source.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '2GB'")
            source.execute("SELECT pg_reload_conf()")
    run.inject("slot invalidated")


def superuser(pipeline: Pipeline) -> "psycopg.Connection[Any]":
    known = state.load(pipeline.stack.directory)
    assert known is not None
    place = Place(pipeline.stack.directory, known.ports)
    return psycopg.connect(
        host="127.0.0.1", port=place.ports["postgres"], user=postgres.SUPERUSER, password=place.secret("postgres"),
        dbname=postgres.DATABASE, autocommit=True,
    )  # fmt: skip


# -- a log that is cut off ------------------------------------------------------------------------------------------


def truncated_log(run: Run) -> None:
    """Retention passed the worker's position: the table stands and says so, and the others go on."""
    pipeline = run.pipeline
    topic = pipeline.contract.topic(pipeline.settings.topic_prefix, REQUESTS)
    where = "SELECT partition, next_offset FROM watermarks FINAL WHERE topic = {topic:String} ORDER BY partition"
    pipeline.worker.stop()
    stood = pipeline.query(where, {"topic": topic})
    with run.load():
        until(
            lambda: all(end > dict(stood)[part] for (_, part), end in log_ends(pipeline, topic).items()), "new records"
        )
        admin = AdminClient(kafka_config(pipeline.settings))
        cut = [TopicPartition(topic, number, end) for (_, number), end in log_ends(pipeline, topic).items()]
        for future in admin.delete_records(cut).values():
            future.result()
        run.inject("log cut off behind the worker's position")
        pipeline.worker.start()
        assert_loud(pipeline, f"RESYNC_REQUIRED {REQUESTS}")
        assert pipeline.query(where, {"topic": topic}) == stood, "the position jumped"
    others = [table for table in pipeline.contract.tables if table != REQUESTS]
    result = pipeline.reconcile(others)
    assert result.exact, report(result)


def log_ends(pipeline: Pipeline, topic: str) -> dict[tuple[str, int], int]:
    return dict(ends(pipeline.settings, [topic]))


LEAST_ROWS: Final = 30_000
"""Of a snapshot that is long enough to be cut."""
LOST: Final = "loud within 30 s, then exact by the repair that is named, deletes in the gap included"


def snapshot_cut(run: Run) -> None:
    """Connect dies in the middle of an initial snapshot, which starts over: all of its rows are there twice."""
    pipeline, rows = run.pipeline, max(LEAST_ROWS, round(50_000 * run.size.share))
    with run.load(), psycopg.connect(pipeline.dsn) as source:
        keys = inserted(source, rows)
        source.commit()
        record(pipeline, keys)
    pipeline.settle()
    topic = pipeline.contract.topic(pipeline.settings.topic_prefix, "core_notification")
    before = sum(log_ends(pipeline, topic).values())
    delete(pipeline.settings, lambda _: None)
    with ThreadPoolExecutor(1) as pool:
        capture = pool.submit(apply, pipeline.settings, pipeline.contract, lambda _: None, deadline_seconds=SECONDS)
        until(lambda: sum(log_ends(pipeline, topic).values()) > before, "the snapshot has begun")
        pipeline.kill_part("connect")
        run.inject(f"SIGKILL to connect in a snapshot of {rows:,} rows")
        pipeline.restore()
        with suppress(ConnectorsError):
            capture.result()
    apply(pipeline.settings, pipeline.contract, lambda _: None, deadline_seconds=SECONDS)
    assert sum(log_ends(pipeline, topic).values()) > before + rows, "rows were sent again"
    assert_loud(pipeline, "capture began anew")
    mend(pipeline)


SCENARIOS: Final = (
    Scenario("F11 snapshot", "Connect SIGKILL in the middle of a snapshot of 50,000 rows", "I1-I7", snapshot_cut,
             fresh_seconds=60),
    Scenario("F13 dropped", "replication slot dropped", LOST, partial(capture_lost, lose=dropped), settles=False),
    Scenario("F13 moved", "replication slot moved ahead", LOST, partial(capture_lost, lose=ahead), settles=False),
    Scenario("F13 invalidated", "replication slot invalidated by PostgreSQL", LOST,
             partial(capture_lost, lose=invalidated), settles=False),
    Scenario("F14", "log retention passed the worker's position", "loud within 30 s, no jump, other tables exact",
             truncated_log, settles=False, own=True),
)  # fmt: skip
