"""The worker catching up on a full topic, against the floor: CPU a change of each, in one run, on one machine.

A topic, a database and a consumer group of their own; all are gone afterwards. What the process costs before its first
change (imports, assignment) is measured on an empty topic and taken off.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.apart import apart, discard
from benchmarks.changes import produce
from connectors.topics import Topic, ensure, heartbeat_topic
from schemas.settings import Settings, environment
from sinks.clickhouse import connect
from sinks.migrate import migrate

TABLE: Final = "service_servicerequest"
PARTITIONS: Final = 4
CATCH_UP_SECONDS: Final = 300.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time of a process, microseconds a change, and changes a second of its run."""

    changes: int
    cpu_us: float
    per_second: float


@contextmanager
def bench_settings(settings: Settings) -> Iterator[Settings]:
    """A pipeline of its own, with a contract of one table."""
    with tempfile.TemporaryDirectory() as directory:
        contract = yaml.safe_load(settings.contract.read_text(encoding="utf-8"))
        contract["tables"] = {TABLE: contract["tables"][TABLE]}
        path = Path(directory) / "contract.yaml"
        path.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
        chosen = apart(settings).model_copy(update={"contract": path})
        names = [f"{chosen.topic_prefix}.public.{TABLE}", heartbeat_topic(chosen)]
        ensure(chosen, [Topic(names[0], PARTITIONS, {}), Topic(names[1], 1, {})])
        # views read the tables of the whole contract
        migrate(chosen.model_copy(update={"contract": settings.contract}))
        try:
            yield chosen
        finally:
            discard(chosen, names)


def floor(settings: Settings, count: int, tell: Tell) -> Cost:
    topic = f"{settings.topic_prefix}.public.{TABLE}"
    tell("the plain loop")
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.floor", topic, str(count)],
        env=environment(settings), check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ran.stdout)
    return Cost(int(found["changes"]), float(found["cpu_us"]), float(found["per_second"]))


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def worker(settings: Settings, count: int, tell: Tell) -> tuple[float, float]:
    """Runs a worker until it has read `count` changes; its CPU seconds and the seconds of catching up."""
    before, client, began = children_cpu(), connect(settings), 0.0
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.agents.process"],
        env=environment(settings), stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            partitions, done = client.query("SELECT count(), sum(next_offset) FROM watermarks FINAL").result_rows[0]
            if partitions == PARTITIONS and not began:
                began = time.monotonic()
            if partitions == PARTITIONS and done >= count:
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the worker read {done} of {count} changes and no more")
            tell(f"the worker has read {done:,} of {count:,}")
            time.sleep(0.1)
        elapsed = time.monotonic() - began
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(30)
    return children_cpu() - before, elapsed


def engine(settings: Settings, count: int, tell: Tell) -> tuple[Cost, Cost]:
    """(floor, worker)."""
    with bench_settings(settings) as empty:
        idle, _ = worker(empty, 0, tell)
    with bench_settings(settings) as full:
        produce(full, f"{full.topic_prefix}.public.{TABLE}", count, tell)
        plain = floor(full, count, tell)
        cpu, elapsed = worker(full, count, tell)
    return plain, Cost(count, 1e6 * max(0.0, cpu - idle) / count, count / elapsed)


def plain_floor(settings: Settings, count: int, tell: Tell) -> Cost:
    with bench_settings(settings) as full:
        produce(full, f"{full.topic_prefix}.public.{TABLE}", count, tell)
        return floor(full, count, tell)
