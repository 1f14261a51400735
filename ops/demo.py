"""`techhub-cdc demo`: the real pipeline from nothing, with a live simulated techhub and a live summary.

Every step is a command of its own as well: up, migrate, connectors apply, worker, simulate, reconcile, down.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table as Grid
from rich.text import Text

from connectors.apply import apply
from connectors.errors import ConnectorsError
from ops.reconcile import show as show_reconciled
from ops.reconciliation import reconcile
from ops.status import STYLES
from ops.target import settings_for
from schemas.contract import Contract, load_contract
from schemas.errors import Problem
from schemas.settings import Settings, environment
from sinks.clickhouse import connect
from sinks.migrate import migrate

STACK = "demo"
READY_SECONDS = 120.0
out = Console(highlight=False, soft_wrap=True)


class Interrupted(Exception):
    """Ctrl-C or SIGTERM: stop all of it, in order."""


def register(app: typer.Typer) -> None:
    app.command("demo", epilog="Example: techhub-cdc demo --seconds 30")(demo)


def demo(
    seconds: Annotated[float | None, typer.Option(min=1, help="End by itself; without it until Ctrl-C.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Committed transactions per second.")] = 20.0,
    scale: Annotated[float, typer.Option(min=0.0, help="Size of the data set; 1 is techhub's own.")] = 0.02,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack and its data; else all of it goes.")] = False,
) -> None:
    """Starts the whole pipeline on this machine, with a simulated techhub, and shows what comes out.

    Ends with a reconciliation of ClickHouse with PostgreSQL; exit code 0 only if it is exact.
    """
    began = time.monotonic()
    with stoppable(), stack(STACK, scale, keep):
        settings, contract = prepared(STACK)
        with running(settings, STACK), page(settings, STACK) as address:
            out.print(f"running after {time.monotonic() - began:.0f} s")
            out.print(f"[bold]live page: {address}[/bold]   SQL over HTTP: techhub-cdc env --name {STACK}\n")
            watch(settings, rate, seconds)
            out.print("\nthe load has stopped; comparing ClickHouse with PostgreSQL")
            result = reconcile(settings, contract, None, 60, lambda _: None)
        show_reconciled(result, as_json=False)
        if not result.exact:
            raise Problem("ClickHouse differs from PostgreSQL")


def prepared(name: str) -> tuple[Settings, Contract]:
    """A stack with tables, views and capture."""
    settings = settings_for(name, "postgres_dsn", "kafka_bootstrap", "connect_url", "clickhouse_dsn")
    contract = load_contract(settings.contract)
    with step("ClickHouse: tables and views"):
        migrate(settings)
    with step("capture: role, publication, topics, connector; first heartbeat"), capture_errors():
        apply(settings, contract, lambda _: None)
    return settings, contract


@contextlib.contextmanager
def running(settings: Settings, name: str) -> Iterator[None]:
    """A worker that has caught up; stopped at the end."""
    with worker(settings, name) as log:
        with step("worker: first snapshot"):
            caught_up(settings, log)
        yield


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Both signals end the demo as an exception, so that everything is taken down in order."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Interrupted:
        out.print("stopped")
    finally:
        for number, action in before.items():
            signal.signal(number, action)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Taking down is not cut short by a second Ctrl-C."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


@contextlib.contextmanager
def stack(name: str, scale: float, keep: bool) -> Iterator[None]:
    """An embedded stack from nothing; gone afterwards."""
    from deploy.local.stack import Stack
    from ops.board import Board
    from schemas.settings import load

    stacks = Stack(load().local_directory)
    try:
        with Board(Console(stderr=True)) as board:
            stacks.down(name, purge=True)
            stacks.up(name, board.show, scale=scale)
        yield
    finally:
        with uninterrupted():
            if keep:
                out.print(f"the stack stays: techhub-cdc down --name {name} --purge")
            else:
                stacks.down(name, purge=True)


@contextlib.contextmanager
def capture_errors() -> Iterator[None]:
    try:
        yield
    except ConnectorsError as error:
        raise Problem(str(error)) from None


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    began = time.monotonic()
    with out.status(what) if out.is_terminal else contextlib.nullcontext():
        yield
    out.print(f"[green]✓[/green] {what} [dim]{time.monotonic() - began:.1f} s[/dim]")


@contextlib.contextmanager
def worker(settings: Settings, name: str) -> Iterator[Path]:
    """A supervised worker; its log lies with the stack's."""
    log = settings.local_directory / name / "logs" / "worker.log"
    with child(["worker"], settings, log):
        yield log


@contextlib.contextmanager
def page(settings: Settings, name: str) -> Iterator[str]:
    """The live page on a free port, with names for the rooms; its address."""
    from deploy.local.source.phrases import ROOMS

    stack = settings.local_directory / name
    labels, log = stack / "labels.yaml", stack / "logs" / "serve.log"
    labels.write_text(yaml.safe_dump({"rooms": dict(enumerate(ROOMS, start=1))}), encoding="utf-8")
    told = re.compile(r"^live page: (\S+)$", re.MULTILINE)
    with child(["serve", "--port", "0"], settings.model_copy(update={"labels": labels}), log) as process:
        deadline = time.monotonic() + READY_SECONDS
        while not (found := told.search(log.read_text(encoding="utf-8", errors="replace"))):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Problem(f"the live page did not start; the end of {log}:\n{tail(log)}")
            time.sleep(0.1)
        yield found[1]


@contextlib.contextmanager
def child(command: list[str], settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One of our own commands, stopped at the end."""
    with log.open("wb") as target:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops", *command], env=environment(settings), stderr=target, stdout=target,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        with uninterrupted():
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def caught_up(settings: Settings, log: Path) -> None:
    client, deadline = connect(settings), time.monotonic() + READY_SECONDS
    while client.query("SELECT countIf(state IN ('live', 'idle')) < count() FROM v_freshness").result_rows[0][0]:
        if time.monotonic() > deadline:
            raise Problem(f"the worker did not catch up in {READY_SECONDS:.0f} s; the end of {log}:\n{tail(log)}")
        time.sleep(0.2)


def tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])


def watch(settings: Settings, rate: float, seconds: float | None) -> None:
    """The load in a thread of its own; the summary here, twice a second."""
    from deploy.local.source.simulate import Simulator

    assert settings.postgres_dsn is not None
    client, end = connect(settings), None if seconds is None else time.monotonic() + seconds
    with Simulator(settings.postgres_dsn.get_secret_value(), 1) as simulator:
        failed: list[BaseException] = []

        def load() -> None:
            try:
                simulator.run(rate, seconds)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=load, daemon=True)
        thread.start()
        try:
            with contextlib.ExitStack() as stack:
                live = stack.enter_context(Live(console=out, auto_refresh=False)) if out.is_terminal else None
                while thread.is_alive() and (end is None or time.monotonic() < end):
                    picture = summary(client, simulator.summary().committed)
                    if live is not None:
                        live.update(picture, refresh=True)
                    thread.join(0.5)
        finally:
            simulator.stop()
            thread.join(10)
        if failed:
            raise Problem(f"the simulated load ended: {failed[0]}")
        out.print(summary(client, simulator.summary().committed) if not out.is_terminal else Text(""))


def summary(client: Any, committed: int) -> Group:
    """What operations staff would ask first, from the views."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in client.query(sql).result_rows]

    lag = rows("SELECT max(lag_seconds), countIf(state IN ('live', 'idle')), count() FROM v_freshness")[0]
    flow = rows("SELECT sum(transitions) FROM v_request_flow WHERE minute > now() - INTERVAL 1 MINUTE")[0][0]
    rooms = rows("SELECT countIf(state = 'in_use'), count() FROM v_rooms_now")[0]
    issues = rows("SELECT sum(open) FROM v_dq")[0][0]
    head = Text.assemble(
        (f"{datetime.now(UTC):%H:%M:%S} UTC  ", "dim"),
        f"{committed:,} commits   {flow or 0:,} transitions in the last minute   ",
        f"{rooms[0]} of {rooms[1]} rooms in use   {issues or 0} data quality issues   ",
        (
            f"{lag[1]} of {lag[2]} tables fresh, oldest {lag[0] or 0:.1f} s",
            STYLES["live" if lag[1] == lag[2] else "behind"],
        ),
    )
    grid = Grid("backlog", "status", "waits for", "requests", "oldest", box=None, pad_edge=False)
    for row in rows(
        "SELECT title_ru, status, waiting_on, sum(requests) AS n, max(oldest_age_seconds) FROM v_request_backlog "
        "GROUP BY service, title_ru, status, waiting_on ORDER BY n DESC, title_ru LIMIT 8"
    ):
        grid.add_row(row[0][:44], row[1], row[2], f"{row[3]:,}", age(row[4]))
    return Group(head, Text(""), grid)


def age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
