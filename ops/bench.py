"""`techhub-cdc bench ...`: figures that anyone can measure again, with the machine they come from."""

import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from benchmarks import engine as engines
from benchmarks import latency as latencies
from benchmarks import viewers as crowds
from connectors.errors import ConnectorsError
from deploy.local.source import NotEmbedded
from ops.target import settings_for
from schemas.errors import Problem, Usage

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
Name = Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")]
Changes = Annotated[int, typer.Option(help="Changes in the topic.", min=1000)]

app = typer.Typer(
    no_args_is_help=True, help="Measures the pipeline: latency from commit to query, CPU a change, a restart."
)


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="bench")


@contextmanager
def told() -> Iterator[Callable[[str], None]]:
    """What a measurement tells while it runs; where it cannot be taken, `Problem`."""
    console = Console(stderr=True, highlight=False)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task("")
        try:
            yield lambda text: bar.update(task, description=escape(text))
        except (ConnectorsError, NotEmbedded, RuntimeError, TimeoutError) as error:
            raise Problem(str(error)) from None


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} x {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


@app.command("latency", epilog="Example: techhub-cdc bench latency --rate 200 --seconds 20 --name default")
def latency(
    rate: Annotated[float, typer.Option(help="Commits a second.", min=0.1)] = 200.0,
    seconds: Annotated[float, typer.Option(help="How long.", min=1)] = 20.0,
    as_json: AsJson = False,
    name: Name = None,
) -> None:
    """Commit -> queryable in request_transitions and in v_request_backlog, while a worker runs."""
    settings = settings_for(name, "postgres_dsn", "clickhouse_dsn")
    with told() as tell:
        found = latencies.measure(settings, rate, seconds, tell)
    figures = [quantiles({"to": part.name}, part) for part in found]
    report({"machine": machine(), "rate": rate, "seconds": seconds, "latency": figures}, "latency", as_json)
    if any(part.unseen for part in found):
        raise Problem("some commits were not seen in time; see techhub-cdc status")


def quantiles(what: dict[str, Any], found: latencies.Latencies) -> dict[str, Any]:
    return {
        **what, "commits": len(found.seconds) + found.unseen, "unseen": found.unseen,
        **{f"p{int(100 * q)}_ms": round(1000 * found.quantile(q), 1) for q in (0.5, 0.9, 0.99)},
    }  # fmt: skip


@app.command("viewers", epilog="Example: techhub-cdc bench viewers --count 200 --stalled 50 --name default")
def viewers(
    count: Annotated[int, typer.Option(help="Viewers of the live page.", min=1)] = 200,
    stalled: Annotated[int, typer.Option(help="How many of them read nothing.", min=0)] = 50,
    rate: Annotated[float, typer.Option(help="Commits a second.", min=0.1)] = 50.0,
    seconds: Annotated[float, typer.Option(help="How long, each.", min=1)] = 20.0,
    as_json: AsJson = False,
    name: Name = None,
) -> None:
    """Commit -> queryable with one viewer of each page and with a crowd, and the ratio of their p99."""
    if stalled >= count:
        raise Usage(f"--stalled {stalled}: expected less than the {count} viewers")
    settings = settings_for(name, "postgres_dsn", "clickhouse_dsn")
    with told() as tell:
        one, many, crowd = crowds.measure(settings, rate, seconds, count, stalled, tell)
    figures = [
        quantiles({"viewers": crowds.FEW, "stalled": 0}, one),
        quantiles({"viewers": count, "stalled": stalled}, many),
    ]
    ratio = round(many.quantile(0.99) / one.quantile(0.99), 2)
    cut = {"stalled_cut": crowd.stalled_cut, "others_cut": crowd.others_cut}
    report({"machine": machine(), "rate": rate, "latency": figures, "ratio": ratio, **cut}, "latency", as_json)
    if (crowd.stalled_cut, crowd.others_cut) != (stalled, 0):
        raise Problem(f"{crowd.stalled_cut} of {stalled} stalled viewers were cut, and {crowd.others_cut} others")


@app.command("floor", epilog="Example: techhub-cdc bench floor --name default")
def floor(changes: Changes = 200_000, as_json: AsJson = False, name: Name = None) -> None:
    """CPU a change of the plain loop: confluent-kafka, msgspec, a dict, columnar encoding."""
    settings = settings_for(name, "kafka_bootstrap", "clickhouse_dsn")
    with told() as tell:
        cost = engines.plain_floor(settings, changes, tell)
    report({"machine": machine(), "cpu": [row("plain loop", cost)]}, "cpu", as_json)


@app.command("engine", epilog="Example: techhub-cdc bench engine --name default")
def engine(changes: Changes = 200_000, as_json: AsJson = False, name: Name = None) -> None:
    """CPU a change of the worker that catches up on a full topic, beside the plain loop's, and their ratio."""
    settings = settings_for(name, "kafka_bootstrap", "clickhouse_dsn")
    with told() as tell:
        plain, ours = engines.engine(settings, changes, tell)
    figures = [row("plain loop", plain), row("worker", ours)]
    ratio = round(ours.cpu_us / plain.cpu_us, 2)
    report({"machine": machine(), "cpu": figures, "ratio": ratio}, "cpu", as_json)


@app.command("restart", epilog="Example: techhub-cdc bench restart --entities 100000 --name restart")
def restart(
    entities: Annotated[int, typer.Option(help="Service requests in the pipeline.", min=1000)] = 100_000,
    as_json: AsJson = False,
    name: Name = None,
) -> None:
    """SIGKILL to a worker -> every table fresh again, and its memory; on a stack that nothing else captures."""
    from benchmarks import restart as restarts  # needs a package of the embedded stack

    settings = settings_for(name, "postgres_dsn", "kafka_bootstrap", "connect_url", "clickhouse_dsn")
    with told() as tell:
        found = restarts.measure(settings, entities, tell)
    figures = {
        "entities": found.entities, "rows_in_memory": found.rows_in_memory,
        "fresh_after_seconds": round(found.fresh_seconds, 1), "resident_mb": round(found.resident_bytes / 1e6),
    }  # fmt: skip
    report({"machine": machine(), "restart": [figures]}, "restart", as_json)


def row(name: str, cost: engines.Cost) -> dict[str, Any]:
    return {
        "loop": name, "changes": cost.changes, "cpu_us_per_change": round(cost.cpu_us, 2),
        "changes_per_second": round(cost.per_second),
    }  # fmt: skip


def report(document: dict[str, Any], table: str, as_json: bool) -> None:
    out = Console(highlight=False, soft_wrap=True)
    if as_json:
        out.print_json(json.dumps(document))
        return
    figures = document[table]
    grid = Grid(*figures[0], box=None, pad_edge=False)
    for figure in figures:
        grid.add_row(*[f"{value:,}" if isinstance(value, int | float) else str(value) for value in figure.values()])
    out.print(grid)
    if "ratio" in document:
        out.print(f"ratio {document['ratio']}")
    out.print(f"on {document['machine']}")
