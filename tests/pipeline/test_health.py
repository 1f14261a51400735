"""Metrics, readiness and the watchdog of a worker in the real pipeline."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from schemas.settings import environment
from tests.faults.invariants import assert_consistent, begin
from tests.pipeline.pipeline import Pipeline, until

SEED = 61
STALL_SECONDS = 10.0

SUPERVISED = """
import os, sys
from ops.worker import Supervisor
sys.exit(Supervisor(dict(os.environ), ("-c", sys.argv[1])).run())
"""
STALLING_ONCE = """
import asyncio, pathlib
from streams.agents.engine import Engine
from streams.agents.process import main
marker = pathlib.Path({marker!r})
async def stands_still(*_):
    marker.touch()
    await asyncio.Event().wait()
if not marker.exists():
    Engine.fold = stands_still
main()
"""
"""A worker whose first process stands still at its first record, as a defect would."""
BLOCKED_LOOP = """
import asyncio, logging, time
from schemas.contract import load_contract
from schemas.settings import load
from streams.agents.app import create_app
from streams.agents.health import Health
from streams.agents.watchdog import Watchdog
logging.basicConfig()
def stands_still():
    time.sleep(600)
async def main():
    Watchdog(Health(create_app(load(), load_contract()).engine, 2.0))
    stands_still()
asyncio.run(main())
"""


def test_what_the_worker_counts_is_what_it_did(pipeline: Pipeline) -> None:
    def read_so_far() -> int:
        return int(pipeline.value("SELECT sum(next_offset) FROM watermarks FINAL"))

    pipeline.settle()
    before, at = pipeline.metric("techhub_worker_events_total"), read_so_far()
    written = pipeline.metric("techhub_worker_rows_written_total", table="service_servicerequest")
    pipeline.simulate(40, 3, SEED)
    pipeline.settle()
    assert pipeline.metric("techhub_worker_events_total") - before == read_so_far() - at > 0
    assert pipeline.metric("techhub_worker_rows_written_total", table="service_servicerequest") > written
    until(lambda: pipeline.metric("techhub_worker_lag_offsets") == 0, "no lag is left")
    for latency in ("commit_to_consumed", "consumed_to_written", "commit_to_written"):
        assert pipeline.metric(f"techhub_worker_{latency}_seconds_count") > 0
    keys = pipeline.value("SELECT uniqExact(code) FROM service_service")
    assert pipeline.metric("techhub_worker_rows_in_memory", table="service_service") == keys
    assert pipeline.metric("techhub_worker_partitions", state="reading") == pipeline.value(
        "SELECT count() FROM watermarks FINAL"
    )
    assert pipeline.ask("/readyz") == (200, "ready\n")


def test_a_process_that_was_replaced_is_counted_and_the_new_one_becomes_ready(pipeline: Pipeline) -> None:
    before = pipeline.metric("techhub_worker_restarts_total")
    pipeline.worker.kill()
    until(lambda: pipeline.metric("techhub_worker_restarts_total") == before + 1, "the restart is counted")
    until(lambda: pipeline.ask("/readyz")[0] == 200, "the new process is ready")


@contextmanager
def supervised(pipeline: Pipeline, program: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of this program under the real supervisor, instead of the pipeline's own."""
    assert pipeline.worker.stop()[0] == 0
    impatient = pipeline.settings.model_copy(update={"stall_seconds": STALL_SECONDS})
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-c", SUPERVISED, program],
            env=environment(impatient),
            stderr=output,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(30)
        pipeline.worker.start()


def test_a_worker_that_stands_still_says_so_writes_its_stacks_and_is_replaced(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """And while ClickHouse is away, longer than the watchdog's patience, it is left alone."""
    begin(pipeline)
    log, program = tmp_path / "log", STALLING_ONCE.format(marker=str(tmp_path / "marker"))
    with supervised(pipeline, program, log) as worker:
        until(lambda: pipeline.metric("techhub_worker_partitions", state="reading") > 0, "partitions are read")
        with pipeline.load(20, None, SEED + 1):
            until(lambda: "has not moved for" in pipeline.ask("/readyz")[1], "it says that it stands still")
            assert pipeline.ask("/readyz")[0] == 503 and pipeline.ask("/healthz")[0] == 200
            until(lambda: pipeline.metric("techhub_worker_restarts_total") == 1, "it was replaced")
            until(lambda: pipeline.ask("/readyz")[0] == 200, "its successor is ready")
        said = log.read_text(encoding="utf-8", errors="replace")
        assert "all stacks follow" in said and "in stands_still" in said, said[-3000:]
        pipeline.settle()
        (child,) = psutil.Process(worker.pid).children()
        with pipeline.load(10, None, SEED + 2):
            pipeline.kill_part("clickhouse")
            until(lambda: pipeline.metric("techhub_worker_unavailable_seconds") > STALL_SECONDS + 2, "a long outage")
            pipeline.restore()
        until(lambda: pipeline.ask("/readyz")[0] == 200, "it is ready again")
        assert [each.pid for each in psutil.Process(worker.pid).children()] == [child.pid]
    pipeline.caught_up()
    assert_consistent(pipeline)


def test_an_event_loop_that_no_longer_turns_ends_the_process_with_its_stacks() -> None:
    known = {"TECHHUB_KAFKA_BOOTSTRAP": "127.0.0.1:1", "TECHHUB_CLICKHOUSE_DSN": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED_LOOP], env=dict(os.environ) | known, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 70, done.stderr
    assert "the event loop has not turned" in done.stderr and "in stands_still" in done.stderr
