"""`techhub-cdc simulate`: a load on an embedded source database, as its application would make it.

Flows in: a DSN from the settings or from a named stack. Flows out: transactions, a live line, and a summary.
"""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.local.source import NotEmbedded
from deploy.local.source.simulate import Ledger, NotReachable, Simulator, Summary
from ops.target import settings_for
from schemas.errors import Problem, Unreachable, Usage

EXAMPLE = "Example: [bold]techhub-cdc simulate --rate 50 --seconds 30 --seed 7[/bold]"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(simulate)


def simulate(
    rate: Annotated[float, typer.Option(min=0.1, help="Committed transactions per second.")] = 20,
    seconds: Annotated[float | None, typer.Option(min=0, help="How long; without it until Ctrl-C.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed and same data: same transactions.")] = 1,
    connections: Annotated[int, typer.Option(min=1, max=32, help="More than one is not reproducible.")] = 1,
    name: Annotated[str | None, typer.Option(help="An embedded stack, instead of TECHHUB_POSTGRES_DSN.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="Write every acknowledged transaction here, JSON lines.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Writes made-up requests, bookings and more into an embedded techhub, as its application would.

    Refuses every database that `techhub-cdc up` did not make.
    """
    dsn, book = source(name), _open(ledger)
    try:
        with Simulator(dsn, seed, connections=connections, ledger=book) as simulator:
            try:
                with stops_at_signals(simulator), _shown(simulator, rate):
                    simulator.run(rate, seconds)
            finally:
                _print(simulator.summary(), as_json)
    except NotEmbedded as error:
        raise Problem(str(error)) from None
    except NotReachable as error:
        raise Unreachable(f"PostgreSQL cannot be reached: {error}") from None
    except psycopg.Error as error:
        raise Problem(f"PostgreSQL refused a transaction: {str(error).splitlines()[0]}") from error
    finally:
        book.close()


def source(name: str | None) -> str:
    """The DSN of the source database: of the named stack, else of the settings."""
    secret = settings_for(name, "postgres_dsn").postgres_dsn
    assert secret is not None
    return secret.get_secret_value()


@contextmanager
def stops_at_signals(simulator: Simulator) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run after the transactions under way."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        simulator.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open(ledger: Path | None) -> Ledger:
    try:
        return Ledger(ledger, keep=False)
    except OSError as error:
        raise Usage(f"--ledger {ledger}: cannot be written: {error.strerror}") from None


@contextmanager
def _shown(simulator: Simulator, rate: float) -> Iterator[None]:
    """A live line on a terminal, nothing elsewhere."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield
        return
    with Live(get_renderable=lambda: _line(simulator.summary(), rate), console=console, transient=True):
        yield


def _line(summary: Summary, rate: float) -> Text:
    requests = summary.changes.get("service_servicerequest", 0)
    bookings = summary.changes.get("booking_booking", 0)
    return Text(
        f"{summary.seconds:.0f} s  {summary.committed:,} committed ({summary.rate:,.0f} of {rate:g} per second)  "
        f"{summary.rolled_back:,} rolled back  {requests:,} request and {bookings:,} booking changes"
    )


def _print(summary: Summary, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(asdict(summary)) + "\n")
        return
    console = Console(highlight=False)
    table = Table("transaction", "committed", title="Simulated", title_justify="left")
    table.columns[1].justify = "right"
    for name, count in summary.transactions.items():
        table.add_row(name, f"{count:,}")
    console.print(table)
    lost = f", {summary.uncertain} uncertain, {summary.reconnects} reconnects" if summary.reconnects else ""
    console.print(
        f"{summary.committed:,} committed in {summary.seconds:.1f} s ({summary.rate:,.1f} per second), "
        f"{summary.rolled_back:,} rolled back, {summary.conflicts} conflicts{lost}"
    )
