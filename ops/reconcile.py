"""`techhub-cdc reconcile`: is ClickHouse what PostgreSQL is? While both move."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from connectors.errors import Unreachable as KafkaUnreachable
from ops.reconciliation import Reconciled, reconcile
from ops.repair import repair
from ops.target import settings_for
from schemas.contract import load_contract
from schemas.errors import Problem, Unreachable

SHOWN: Final = 20
PASS_SECONDS: Final = 60.0


def register(app: typer.Typer) -> None:
    app.command("reconcile", epilog="Example: techhub-cdc reconcile --table service_servicerequest")(command)


def command(
    table: Annotated[list[str] | None, typer.Option(help="Only this table; may be repeated.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the pipeline to pass a read.")] = PASS_SECONDS,
    mend: Annotated[
        bool, typer.Option("--repair", help="Bring what differs back through the log, until it is exact.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")] = None,
) -> None:
    """Compares every mirror with PostgreSQL row by row, and every stock with its sum over PostgreSQL.

    Load may run: a difference counts once it is still there after the pipeline has provably passed the read.
    Exit code 1 when anything is missing, extra or different.
    """
    needs = ("postgres_dsn", "clickhouse_dsn", *(["kafka_bootstrap"] if mend else []))
    settings = settings_for(name, *needs)
    contract = load_contract(settings.contract)
    errors = Console(stderr=True, highlight=False)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=errors, transient=True
    ) as bar:
        task = bar.add_task("reconcile")
        check = repair if mend else reconcile
        with reported():
            result = check(settings, contract, table, timeout, lambda text: bar.update(task, description=text))
    show(result, as_json)
    if not result.exact:
        raise Problem("ClickHouse differs from PostgreSQL; mend it with techhub-cdc reconcile --repair")


@contextmanager
def reported() -> Iterator[None]:
    try:
        yield
    except KafkaUnreachable as error:
        raise Unreachable(str(error)) from None


def show(result: Reconciled, as_json: bool) -> None:
    out = Console(highlight=False, soft_wrap=True)
    if as_json:
        out.print_json(json.dumps(document(result)))
        return
    grid = Grid("table or stock", "compared", "missing", "extra", "different", box=None, pad_edge=False)
    for column in grid.columns[1:]:
        column.justify = "right"
    for part in result.comparisons:
        counts = [part.count(kind) for kind in ("missing", "extra", "different")]
        style = "red" if any(counts) else None
        grid.add_row(part.name, f"{part.compared:,}", *map(str, counts), style=style)
    out.print(grid)
    for part in result.comparisons:
        for difference in part.found[:SHOWN]:
            out.print(f"{part.name} {difference.key}: {difference.kind}", markup=False)
        if len(part.found) > SHOWN:
            out.print(f"{part.name}: and {len(part.found) - SHOWN} more")
    if result.moving:
        out.print(f"{result.moving} keys changed faster than both sides could be read; run it again when it is quieter")
    verdict = "[green]exact[/green]" if result.exact else "[red]not exact[/red]"
    out.print(f"{verdict} after {result.seconds:.1f} s")


def document(result: Reconciled) -> dict[str, Any]:
    return {
        "exact": result.exact,
        "seconds": round(result.seconds, 3),
        "moving": result.moving,
        "compared": [
            {
                "name": part.name,
                "compared": part.compared,
                **{kind: part.count(kind) for kind in ("missing", "extra", "different")},
                "keys": [[difference.kind, str(difference.key)] for difference in part.found[:SHOWN]],
            }
            for part in result.comparisons
        ],
    }
