"""The whole pipeline as a test drives it: one embedded stack, and for each pipeline names of its own on it.

Everything is real: capture by Debezium, a supervised worker process, ClickHouse's engine. `settle` waits until the
pipeline has provably passed the present moment; nothing here sleeps for a guessed time.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
import requests
from prometheus_client.parser import text_string_to_metric_families

from connectors.apply import apply
from connectors.delete import delete
from deploy.local import state
from deploy.local.processes import Running
from deploy.local.source.simulate import Ledger, Simulator, Summary
from deploy.local.stack import Addresses, Stack
from ops.reconciliation import Reconciled, reconcile
from schemas.contract import Contract, load_contract
from schemas.settings import Settings, environment, load
from sinks.clickhouse import Client, connect
from sinks.migrate import migrate
from tests.clickhouse_server import free_port
from tests.faults.network import PROXIED
from tests.forked import Forked, run
from tests.patience import SECONDS as SECONDS

APPLICATION: Final = "techhub-tests"
LONGEST_PAUSE: Final = 0.4


def until(condition: Callable[[], Any], what: str, seconds: float = SECONDS, pause: float = 0.05) -> None:
    """Waits for the condition; a client's error counts as not yet. Asks less often the longer it takes: a question may
    cost the pipeline as much as its work."""
    deadline, last = time.monotonic() + seconds, ""
    while True:
        try:
            if condition():
                return
        except Exception as error:
            last = f"; the last try ended with {type(error).__name__}: {error}"
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}{last}"
        time.sleep(pause)
        pause = min(1.3 * pause, LONGEST_PAUSE)


def settings_of(stack: Addresses, unique: str, **changes: Any) -> Settings:
    """Settings of a pipeline with names of its own on a shared stack."""
    known = {key.removeprefix("TECHHUB_").lower(): value for key, value in stack.environment().items()}
    names = {
        "clickhouse_database": unique, "topic_prefix": unique, "group": unique, "worker_id": f"{unique}-0",
        "slot_name": unique, "publication": unique, "connector_name": unique, "heartbeat_seconds": 1.0,
        "poll_seconds": 0.1, "flush_seconds": 1.0, "metrics_port": free_port(),
    }  # fmt: skip
    return load(**{**known, **names, **changes})


@dataclass
class Worker:
    """A supervised worker, as `techhub-cdc worker` starts it; its log grows in one file."""

    settings: Settings
    log: Path
    injected: Mapping[str, str] = field(default_factory=dict)
    """Environment that only a fault needs."""
    process: Forked | None = None

    def start(self) -> None:
        self.process = Forked(["worker"], {**environment(self.settings), **self.injected}, self.log, self.log)

    def child(self) -> psutil.Process:
        assert self.process is not None
        (child,) = psutil.Process(self.process.pid).children()
        return child

    def kill(self) -> None:
        """SIGKILL to the worker process; its supervisor starts another."""
        until(lambda: self.child().kill() is None, "a worker process runs")

    def stop(self, seconds: float = SECONDS) -> tuple[int, float]:
        """SIGTERM to the supervisor: its exit code, and how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.terminate()
        try:
            code = self.process.wait(seconds)
        finally:
            self.end()
        return code, time.monotonic() - began

    def wait(self, seconds: float = SECONDS) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def end(self) -> None:
        """Whatever is left of it."""
        if self.process is None or self.process.poll() is not None:
            return
        left = psutil.Process(self.process.pid).children()
        self.process.kill()
        self.process.wait()
        for child in left:
            child.kill()

    def ask(self, path: str) -> tuple[int, str]:
        """What the worker answers over HTTP: status and text."""
        answer = requests.get(f"http://127.0.0.1:{self.settings.metrics_port}{path}", timeout=10)
        return answer.status_code, answer.text

    def metric(self, name: str, **labels: str) -> float:
        """A sample that the worker tells, summed over the labels that are not named."""
        told = (
            sample for family in text_string_to_metric_families(self.ask("/metrics")[1]) for sample in family.samples
        )
        return sum(s.value for s in told if s.name == name and labels.items() <= s.labels.items())

    def said(self, text: str) -> int:
        return self.log.read_text(encoding="utf-8", errors="replace").count(text)


@dataclass
class Pipeline:
    stack: Addresses
    settings: Settings
    contract: Contract
    source: psycopg.Connection[Any]
    sink: Client
    worker: Worker
    ledger: Ledger = field(default_factory=Ledger)
    """Every acknowledged transaction of all simulations since `invariants.begin`."""
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    folded: dict[tuple[str, str, int], int] = field(default_factory=dict)
    set_aside: int = 0
    """What was there then: changes by table and operation, the newest fact of each partition, dead letters."""
    seconds: float = SECONDS
    """How long anything may take."""

    # -- reading ------------------------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """ClickHouse's answer; instants are integers, microseconds (DateTime64(6)) or seconds."""
        integers = {"DateTime64*": "int", "DateTime*": "int"}
        result = self.sink.query(sql, parameters=dict(parameters or {}), query_formats=integers)
        return [tuple(row) for row in result.result_rows]

    def value(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        return self.query(sql, parameters)[0][0]

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """One statement, and transaction, on PostgreSQL as the application's owner."""
        try:
            cursor = self.source.execute(sql.encode(), parameters or None)
        except psycopg.OperationalError:
            if not self.source.closed:
                raise
            # PostgreSQL was restarted since the last statement
            self.source = psycopg.connect(self.dsn, autocommit=True, application_name=APPLICATION)
            cursor = self.source.execute(sql.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []

    def insert(self, table: str, **values: Any) -> int:
        """A row of the source; returns its id."""
        columns, marks = ", ".join(f'"{name}"' for name in values), ", ".join(["%s"] * len(values))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id"
        return int(self.execute(sql, list(values.values()))[0][0])

    def ask(self, path: str) -> tuple[int, str]:
        return self.worker.ask(path)

    def metric(self, name: str, **labels: str) -> float:
        return self.worker.metric(name, **labels)

    # -- waiting ------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Waits until everything that the source has committed by now is in ClickHouse."""
        moment = self.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")[0][0]
        claimed = "SELECT countIf(toUnixTimestamp64Micro(seen_until) > {moment:Int64}) FROM seen_until FINAL"
        partitions = sum(table.partitions for table in self.contract.tables.values())

        shown = "SELECT min(ifNull(toUnixTimestamp64Micro(seen_until), 0)) FROM v_freshness"

        def seen() -> bool:
            # what people ask costs four times as much as what it is made of
            return self.value(claimed, {"moment": moment}) >= partitions and self.value(shown) > moment

        until(seen, f"seen_until passes {moment}", self.seconds, pause=0.25)

    def caught_up(self) -> None:
        """The worker has read the first snapshot, and the facts of the history tables are written."""
        self.settle()
        until(lambda: self.worker.said("history facts are up to date"), "history facts", self.seconds)

    # -- load and faults ----------------------------------------------------------------------------------------------

    @contextmanager
    def load(self, rate: float, seconds: float | None, seed: int) -> Iterator[Simulator]:
        """Runs the simulator beside the body, and to its end afterwards; without seconds it ends with the body."""
        failed: list[BaseException] = []
        connections = 2 if rate <= 100 else 4
        with Simulator(self.dsn, seed, connections=connections, ledger=self.ledger, patience=SECONDS) as simulator:

            def run() -> None:
                try:
                    simulator.run(rate, seconds)
                except BaseException as error:
                    failed.append(error)

            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            try:
                yield simulator
                if seconds is not None:
                    thread.join(seconds + self.seconds)
            finally:
                simulator.stop()
                thread.join(SECONDS)
        assert not failed, f"a write to the source failed: {failed[0]}"

    def simulate(self, rate: float, seconds: float, seed: int) -> Summary:
        with self.load(rate, seconds, seed) as simulator:
            pass
        return simulator.summary()

    @contextmanager
    def beside(self, number: int, injected: Mapping[str, str] | None = None) -> Iterator[Worker]:
        """One more worker of the group, not yet started."""
        changes = {"worker_id": f"{self.settings.group}-{number}", "metrics_port": free_port()}
        log = self.worker.log.with_suffix(f".{number}.log")
        worker = Worker(self.settings.model_copy(update=changes), log, injected or {})
        try:
            yield worker
        finally:
            worker.end()

    def running(self, part: str) -> Running:
        known = state.load(self.stack.directory)
        assert known is not None
        return known.running[part]

    def kill_part(self, part: str) -> None:
        """SIGKILL; `restore` brings it back."""
        self.stop_part(part, signal.SIGKILL)

    def stop_part(self, part: str, what: signal.Signals) -> None:
        """A signal that ends it; returns when it has ended."""
        process = psutil.Process(self.running(part).pid)
        left = process.children(recursive=True) if part == "postgres" else []
        process.send_signal(what)
        _, alive = psutil.wait_procs([process, *left], timeout=SECONDS)
        assert not alive, f"{part} did not end"

    def restore(self) -> None:
        """Starts every part of the stack that does not run."""
        Stack(self.stack.directory.parent, parts=PROXIED).up(self.stack.name)

    def kill_connect(self) -> None:
        self.kill_part("connect")
        self.restore()

    # -- checking -----------------------------------------------------------------------------------------------------

    def reconcile(self, only: Sequence[str] | None = None) -> Reconciled:
        return reconcile(self.settings, self.contract, only, self.seconds, lambda _: None)

    def said(self) -> list[tuple[str, str]]:
        """The last words of the parts, for the report of a failure."""
        logs = {"worker": self.worker.log, "connect": self.stack.directory / "logs" / "connect.log"}
        found = {name: path.read_text(errors="replace")[-4000:] for name, path in logs.items() if path.exists()}
        status = self.command("connectors", "status")
        return [*found.items(), ("connectors status", status.stdout + status.stderr)]

    def command(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """`techhub-cdc ...` against this pipeline; `changes` are settings."""
        values = environment(self.settings) | {f"TECHHUB_{name.upper()}": value for name, value in changes.items()}
        return techhub_cdc(arguments, values)

    @property
    def dsn(self) -> str:
        return secret(self.settings)


def secret(settings: Settings) -> str:
    assert settings.postgres_dsn is not None
    return settings.postgres_dsn.get_secret_value()


def techhub_cdc(arguments: Sequence[str], values: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run(arguments, values, 2 * SECONDS)


@contextmanager
def pipeline_on(
    stack: Addresses,
    logs: Path,
    *,
    before: Callable[[Pipeline], None] = lambda _: None,
    injected: Mapping[str, str] | None = None,
    beside: Callable[[Pipeline], AbstractContextManager[Any]] = nullcontext,
    seconds: float = SECONDS,
    **changes: Any,
) -> Iterator[Pipeline]:
    """A pipeline that has caught up; `before` is called when it stands and capture has not begun, `beside` is entered
    until the first snapshot is in ClickHouse.
    """
    unique = f"p{uuid.uuid4().hex[:8]}"
    settings = settings_of(stack, unique, **changes)
    contract, worker = load_contract(settings.contract), Worker(settings, logs / f"{unique}.log", injected or {})
    migrate(settings)
    with psycopg.connect(secret(settings), autocommit=True, application_name=APPLICATION) as source:
        pipeline = Pipeline(stack, settings, contract, source, connect(settings), worker, seconds=seconds)
        before(pipeline)
        try:
            with beside(pipeline):
                apply(settings, contract, lambda _: None, deadline_seconds=seconds)
                worker.start()
                pipeline.caught_up()
            yield pipeline
        except BaseException:
            sys.stderr.write(f"the end of {worker.log}:\n{worker.log.read_text(errors='replace')[-4000:]}\n")
            raise
        finally:
            pipeline.worker.end()
            pipeline.restore()
            pipeline.sink.close()
            pipeline.source.close()
            delete(settings, lambda _: None)
            with connect(settings, None) as client:
                client.command(f"DROP DATABASE IF EXISTS `{settings.clickhouse_database}`")


def report(result: Reconciled) -> str:
    found = [(part.name, part.found[:3]) for part in result.comparisons if part.found]
    return json.dumps(found, default=str)


def terminate_group(process: subprocess.Popen[Any]) -> None:
    """For a command that started others in its session."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
