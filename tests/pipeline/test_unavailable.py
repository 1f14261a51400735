"""Parts that are away: a command says which in one line and exits 3; the worker waits, and nothing is lost."""

import random
import socket
import threading

import pytest

from schemas.settings import environment
from tests.faults.invariants import assert_consistent, begin
from tests.pipeline.pipeline import Pipeline, techhub_cdc, until

SEED = 41
RATE = 15.0
AWAY = [
    ("ClickHouse", "clickhouse_dsn", ("migrate",)),
    ("ClickHouse", "clickhouse_dsn", ("status",)),
    ("ClickHouse", "clickhouse_dsn", ("reconcile",)),
    ("kafka", "kafka_bootstrap", ("status",)),
    ("kafka", "kafka_bootstrap", ("connectors", "apply")),
    ("kafka connect", "connect_url", ("status",)),
    ("kafka connect", "connect_url", ("connectors", "apply")),
    ("kafka connect", "connect_url", ("connectors", "delete", "--yes")),
    ("PostgreSQL", "postgres_dsn", ("reconcile",)),
    ("PostgreSQL", "postgres_dsn", ("connectors", "sql")),
    ("PostgreSQL", "postgres_dsn", ("simulate", "--seconds", "1")),
    ("PostgreSQL", "postgres_dsn", ("status",)),
]


@pytest.fixture
def nobody() -> int:
    """A port that nobody listens on: what a stopped part looks like."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def address(setting: str, port: int) -> str:
    scheme = {"clickhouse_dsn": "http://techhub:secret-7@", "postgres_dsn": "postgresql://techhub:secret-7@"}
    return {"kafka_bootstrap": "", "connect_url": "http://"}.get(setting, scheme.get(setting, "")) + f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("part", "setting", "command"), AWAY, ids=lambda value: "-".join(value) if isinstance(value, tuple) else value
)
def test_a_command_says_which_part_is_away(
    pipeline: Pipeline, nobody: int, part: str, setting: str, command: tuple[str, ...]
) -> None:
    done = pipeline.command(*command, **{setting: address(setting, nobody)})
    errors = [line for line in done.stderr.splitlines() if line.startswith("error ")]
    assert done.returncode == 3, done.stdout + done.stderr
    assert len(errors) == 1 and part.lower() in errors[0].lower(), done.stderr
    assert "Traceback" not in done.stderr and "secret-7" not in done.stdout + done.stderr


def test_wrong_settings_are_all_named_at_once(pipeline: Pipeline) -> None:
    done = pipeline.command("status", clickhouse_dsn="ftp://x", kafka_bootstrap="nowhere", timezone="Mars/Base")
    assert done.returncode == 2
    for name in ("TECHHUB_CLICKHOUSE_DSN", "TECHHUB_KAFKA_BOOTSTRAP", "TECHHUB_TIMEZONE"):
        assert f"error {name}: expected" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_missing_settings_are_all_named_at_once(pipeline: Pipeline) -> None:
    known = environment(pipeline.settings)
    done = techhub_cdc(["worker"], {k: v for k, v in known.items() if not k.endswith(("_DSN", "_BOOTSTRAP"))})
    assert done.returncode == 2
    assert "TECHHUB_KAFKA_BOOTSTRAP: missing" in done.stderr and "TECHHUB_CLICKHOUSE_DSN: missing" in done.stderr


def test_clickhouse_away_under_load_is_waited_for_and_nothing_is_lost(pipeline: Pipeline) -> None:
    begin(pipeline)
    worker, began = pipeline.worker, pipeline.worker.child().pid
    away, back = worker.said("does not take rows"), worker.said("takes rows again")
    with pipeline.load(RATE, None, SEED):
        threading.Event().wait(random.Random(SEED).uniform(0.5, 1.5))
        pipeline.kill_part("clickhouse")
        until(lambda: worker.said("does not take rows") > away, "the worker says that ClickHouse is away")
        done = pipeline.command("status")
        assert done.returncode == 3 and "error ClickHouse cannot be reached" in done.stderr
        assert pipeline.ask("/healthz")[0] == 200, "waiting is not being dead"
        status, why = pipeline.ask("/readyz")
        assert status == 503 and "ClickHouse has not taken rows for" in why
        assert pipeline.metric("techhub_worker_unavailable_seconds") > 0
        threading.Event().wait(8)  # the length of the outage
        pipeline.restore()
    until(lambda: worker.said("takes rows again") > back, "the worker says that ClickHouse is back")
    assert worker.child().pid == began, "the worker waited, it was not started again"
    until(lambda: pipeline.ask("/readyz") == (200, "ready\n"), "the worker is ready again")
    assert pipeline.metric("techhub_worker_insert_retries_total") > 0
    assert_consistent(pipeline)
