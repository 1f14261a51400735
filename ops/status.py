"""`techhub-cdc status`: how old every figure is, and what is wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table as Grid

from connectors.errors import ConnectorsError
from connectors.errors import Unreachable as SourceUnreachable
from connectors.health import Health, health, megabytes
from connectors.topics import ends
from ops.maintenance import sentence
from ops.target import settings_for
from schemas.contract import Contract, load_contract
from schemas.errors import Problem, Unreachable
from schemas.settings import Settings
from sinks import maintenance
from sinks.clickhouse import connect
from sinks.maintenance import Maintenance

NAMED: Final = 3
"""More tables than this are counted instead of named."""
STYLES = {"live": "green", "idle": "green", "behind": "yellow", "stalled": "red"}


def register(app: typer.Typer) -> None:
    app.command("status", epilog="Example: techhub-cdc status --json")(command)


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    partitions: Annotated[bool, typer.Option("--partitions", help="Every partition, not only those that lag.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")] = None,
) -> None:
    """Shows the age of each table, the lag of each partition, the connector, the slot, and what needs a hand.

    Exit code 1 when anything does.
    """
    settings = settings_for(name, "postgres_dsn", "kafka_bootstrap", "connect_url", "clickhouse_dsn")
    status = read(settings, load_contract(settings.contract))
    print_json(status) if as_json else show(status, partitions)
    if status.problems:
        raise Problem(f"{len(status.problems)} problems; the first: {status.problems[0]}")


@dataclass(frozen=True, slots=True)
class Status:
    """Rows are dictionaries by column name, as ClickHouse answers."""

    tables: list[dict[str, Any]]
    partitions: list[dict[str, Any]]
    resyncs: list[dict[str, Any]]
    dead_letters: int
    open_issues: int
    maintenance: Maintenance | None
    capture: Health
    problems: list[str]


@contextmanager
def reachable() -> Iterator[None]:
    try:
        yield
    except SourceUnreachable as error:
        raise Unreachable(str(error)) from None
    except ConnectorsError as error:
        raise Problem(str(error)) from None


def read(settings: Settings, contract: Contract) -> Status:
    with reachable():
        client = connect(settings)

        def rows(sql: str) -> list[dict[str, Any]]:
            return list(client.query(sql).named_results())

        tables = rows("SELECT `table`, last_change_at, lag_seconds, state FROM v_freshness ORDER BY `table`")
        marks = rows(
            "SELECT topic, partition, next_offset, committed_at FROM watermarks FINAL ORDER BY topic, partition"
        )
        resyncs = rows("SELECT `table`, reason, command FROM resync_required FINAL WHERE resolved_at IS NULL")
        dead = rows("SELECT count() AS n FROM dead_letters FINAL")[0]["n"]
        issues = rows("SELECT sum(open) AS n FROM v_dq")[0]["n"]
        held = maintenance.current(client, datetime.now(UTC))
        capture = health(settings, contract)
        log = ends(settings, [contract.topic(settings.topic_prefix, table) for table in contract.tables])
    partitions = lagging(marks, log)
    return Status(
        tables, partitions, resyncs, dead, int(issues or 0), held, capture, list(problems(tables, resyncs, capture))
    )


def lagging(marks: list[dict[str, Any]], log: dict[tuple[str, int], int]) -> list[dict[str, Any]]:
    """Every partition of the log with its watermark; None where no worker has begun."""
    positions = {(mark["topic"], mark["partition"]): mark["next_offset"] for mark in marks}
    found = []
    for (topic, partition), end in sorted(log.items()):
        at = positions.get((topic, partition))
        found.append({"topic": topic, "partition": partition, "watermark": at, "end": end, "lag": end - (at or 0)})
    return found


def problems(tables: list[dict[str, Any]], resyncs: list[dict[str, Any]], capture: Health) -> Iterator[str]:
    yield from required(resyncs)
    yield from capture.problems
    late = {state: [row["table"] for row in tables if row["state"] == state] for state in ("behind", "stalled")}
    known = {resync["table"] for resync in resyncs}
    if stalled := [table for table in late["stalled"] if table not in known]:
        yield f"stalled: {', '.join(stalled)}; is a worker running? techhub-cdc worker"
    if late["behind"]:
        yield f"behind: {', '.join(late['behind'])}"


def required(resyncs: list[dict[str, Any]]) -> Iterator[str]:
    """One line for each reason: a lost slot means every table."""
    tables: dict[tuple[str, str], list[str]] = {}
    for resync in resyncs:
        tables.setdefault((resync["reason"], resync["command"]), []).append(resync["table"])
    for (reason, command), names in tables.items():
        named = ", ".join(sorted(names)) if len(names) <= NAMED else f"{len(names)} tables"
        yield f"RESYNC_REQUIRED {named}: {reason}; mend it with {command}"


def print_json(status: Status) -> None:
    document = {
        "healthy": not status.problems,
        "problems": status.problems,
        "tables": status.tables,
        "partitions": status.partitions,
        "resync_required": status.resyncs,
        "dead_letters": status.dead_letters,
        "open_issues": status.open_issues,
        "maintenance": status.maintenance and asdict(status.maintenance),
        "capture": status.capture.as_json(),
    }
    typer.echo(json.dumps(document, indent=2, default=str))


def show(status: Status, all_partitions: bool) -> None:
    out = Console(highlight=False, soft_wrap=True)
    grid = Grid("table", "state", "lag", "last change", box=None, pad_edge=False)
    for row in status.tables:
        lag = "" if row["lag_seconds"] is None else f"{row['lag_seconds']:.1f} s"
        style = STYLES.get(row["state"])
        grid.add_row(row["table"], f"[{style}]{row['state']}[/{style}]", lag, moment(row["last_change_at"]))
    out.print(grid)
    shown = [part for part in status.partitions if all_partitions or part["lag"] > 0 or part["watermark"] is None]
    if shown:
        out.print()
        grid = Grid("partition", "watermark", "log end", "lag", box=None, pad_edge=False)
        for part in shown:
            at = "none" if part["watermark"] is None else str(part["watermark"])
            grid.add_row(f"{part['topic']}/{part['partition']}", at, str(part["end"]), str(part["lag"]))
        out.print(grid)
    out.print()
    out.print(f"connector: {connector(status.capture)}")
    out.print(f"slot: {slot(status.capture)}")
    out.print(f"dead letters: {status.dead_letters}, open data quality issues: {status.open_issues}")
    if status.maintenance is not None:
        out.print(sentence(status.maintenance), markup=False)
    for problem in status.problems:
        out.print(f"[red]problem[/red] {problem}")


def moment(value: Any) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def connector(capture: Health) -> str:
    age = capture.heartbeat_age_seconds
    beat = "no heartbeat" if age is None else f"last heartbeat {age:.1f} s ago"
    return f"{beat} ({capture.connector.state if capture.connector else 'absent'})"


def slot(capture: Health) -> str:
    if capture.slot is None:
        return "none"
    return f"{capture.slot.name}, keeps {megabytes(capture.slot.retained)} of WAL"
