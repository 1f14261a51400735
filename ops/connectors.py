"""`techhub-cdc connectors ...`: PostgreSQL to Kafka. Output only; the work is done in the folder `connectors`."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from connectors import catalogue, delete, errors, pause, signals
from connectors.apply import DEADLINE_SECONDS, Applied, apply, captured, pending_sql
from connectors.check import Comparison, compare
from connectors.health import Health, health, megabytes
from connectors.postgres import Statement
from connectors.reader import reader_statements
from connectors.rest import Connect
from ops.migrate import document, migrated, report
from ops.target import settings_for
from schemas.contract import load_contract
from schemas.errors import Problem, Unreachable, Usage
from sinks.migrate import Plan

Name = Annotated[str | None, typer.Option("--name", help="Use the addresses of this embedded stack.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ADDRESSES = ("postgres_dsn", "kafka_bootstrap", "connect_url")

out = Console(highlight=False, soft_wrap=True)
progress_out = Console(stderr=True, highlight=False, soft_wrap=True)
app = typer.Typer(no_args_is_help=True, help="PostgreSQL to Kafka: role, grants, publication, topics, connector.")


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="connectors")


@contextmanager
def reported() -> Iterator[None]:
    """Errors of `connectors` as what a command may end with."""
    try:
        yield
    except errors.Unreachable as error:
        raise Unreachable(str(error)) from None
    except errors.ConnectorsError as error:
        raise Problem(str(error)) from None


def progress(line: str) -> None:
    progress_out.print(line, markup=False, style="dim")


@app.command("apply")
def apply_command(
    name: Name = None,
    as_json: AsJson = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for a heartbeat.", min=1)] = DEADLINE_SECONDS,
) -> None:
    """Brings capture and ClickHouse to the contract; running it again changes nothing.

    Role, grants, publication, topics and connector, proved by a heartbeat; then ClickHouse's tables and views. Tables
    that join a running capture are read whole. Running workers take up the contract by themselves.

    Example: techhub-cdc connectors apply --name demo
    """
    settings = settings_for(name, *ADDRESSES, "connector_password")
    with reported():
        applied = apply(settings, load_contract(settings.contract), progress, deadline_seconds=timeout)
    plan = migrated(settings) if settings.clickhouse_dsn and not applied.pending else None
    print_json(applied_json(applied, plan)) if as_json else print_applied(applied, plan)
    if applied.pending:
        raise Problem(
            f"{len(applied.pending)} statements need another role than that of TECHHUB_POSTGRES_DSN: have the lines of "
            "`techhub-cdc connectors sql` run, then apply again"
        )


def applied_json(applied: Applied, plan: Plan | None) -> dict[str, Any]:
    sink = document(plan, dry_run=False) if plan else None
    return {"changed": applied.changed or bool(plan and plan.steps), **asdict(applied), "clickhouse": sink}


def print_applied(applied: Applied, plan: Plan | None) -> None:
    for finding in applied.left_out:
        out.print(f"left out: {finding.place} {finding.text}", markup=False)
    for warning in applied.warnings:
        out.print(f"warning: {warning}", markup=False)
    for statement in applied.pending:
        print_statement(statement)
    if applied.pending:
        return
    if not applied.changed:
        out.print("nothing to change")
    else:
        made = f"{len(applied.ran)} statements, {len(applied.topics)} topics"
        out.print(f"{made}, connector {applied.connector}", markup=False)
    out.print(f"capture runs: a heartbeat came through kafka after {applied.heartbeat_seconds:.1f} s")
    if plan is None:
        out.print("clickhouse: TECHHUB_CLICKHOUSE_DSN is not set; run `techhub-cdc migrate` where it is")
    else:
        report(plan, dry_run=False, as_json=False)
    for table in applied.read:
        out.print(f"{table}: is being read; `techhub-cdc reconcile --table {table}` shows when all of it is there")
    for column in applied.widened:
        table = column.partition(".")[0]
        out.print(f"{column}: kept from now on; for rows that do not change `techhub-cdc connectors backfill {table}`")


def print_statement(statement: Statement) -> None:
    out.print(f"-- {statement.why}{'' if statement.runnable else ' (needs another role)'}", markup=False, style="dim")
    out.print(f"{statement.text};", markup=False)


@app.command("sql")
def sql_command(
    name: Name = None,
    as_json: AsJson = False,
    reader: Annotated[
        bool, typer.Option("--reader", help="Of the role for reconcile, status, doctor and the guardian instead.")
    ] = False,
) -> None:
    """Prints the SQL that is still to be run in the source database, for review; changes nothing.

    Example: techhub-cdc connectors sql > capture.sql
    """
    statements: Iterable[Statement]
    if reader:
        settings = settings_for(name)
        statements = list(reader_statements(load_contract(settings.contract), settings))
    else:
        settings = settings_for(name, "postgres_dsn")
        with reported(), catalogue.connect(settings) as connection:
            statements = pending_sql(settings, load_contract(settings.contract), connection)
    if as_json:
        print_json([asdict(statement) for statement in statements])
        return
    for statement in statements:
        print_statement(statement)
    if not statements:
        out.print("-- nothing is missing")


@app.command("status")
def status_command(name: Name = None, as_json: AsJson = False) -> None:
    """Shows whether capture is well, judged by heartbeats that come through Kafka; exit code 1 when it is not.

    Example: techhub-cdc connectors status --json
    """
    settings = settings_for(name, *ADDRESSES)
    with reported():
        found = health(settings, load_contract(settings.contract))
    print_json(found.as_json()) if as_json else print_health(found)
    if not found.healthy:
        raise Problem("\n".join(found.problems))


def print_health(found: Health) -> None:
    slot, connector = found.slot, found.connector
    age = found.heartbeat_age_seconds
    rows = {
        "heartbeat": "none" if age is None else f"{age:.1f} s ago",
        "connector": "none" if connector is None else f"{connector.state.lower()}, {len(connector.tasks)} task",
        "slot": "none" if slot is None else f"{'in use' if slot.active_pid else 'not in use'}, {slot.wal_status}",
        "retained WAL": megabytes(slot.retained) if slot else "none",
        "until the slot is lost": "none" if slot is None else "no limit" if slot.safe is None else megabytes(slot.safe),
        "source": found.source_id,
    }
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, value)
    out.print(table)


@app.command("check")
def check_command(name: Name = None, as_json: AsJson = False) -> None:
    """Compares the contract with the real database and proposes entries; exit code 1 when something required is off.

    Example: techhub-cdc connectors check
    """
    settings = settings_for(name, "postgres_dsn")
    contract = load_contract(settings.contract)
    with reported(), catalogue.connect(settings) as connection:
        running = None
        if settings.connect_url:
            with Connect(settings.connect_url, settings.connector_name) as connect:
                running = connect.config()
        comparison = compare(contract, catalogue.read(connection, contract, settings), captured(running))
    if as_json:
        print_json({"ok": not comparison.errors, "findings": [asdict(finding) for finding in comparison.findings]})
    else:
        print_comparison(comparison)
    if comparison.errors:
        raise Problem(f"{len(comparison.errors)} required parts of the contract are not as the database has them")


def print_comparison(comparison: Comparison) -> None:
    for finding in comparison.findings:
        style = {"error": "red", "warning": "yellow", "note": "dim"}[finding.level]
        out.print(f"{finding.level}: {finding.place} {finding.text}", markup=False, style=style)
        if finding.proposal:
            out.print(f"    {finding.proposal}", markup=False)
    tables = comparison.contract.tables
    columns = sum(len(table.columns) for table in tables.values())
    out.print(f"{len(tables)} tables, {columns} columns can be captured")


@app.command("delete")
def delete_command(
    name: Name = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stops capture and drops connector, offsets, slot and publication; the next apply takes a new snapshot.

    Example: techhub-cdc connectors delete --yes
    """
    settings = settings_for(name, "postgres_dsn", "connect_url")
    if not yes:
        raise Usage(
            f"this drops connector {settings.connector_name}, slot {settings.slot_name} and publication "
            f"{settings.publication}, and changes are lost until the next apply: repeat with --yes"
        )
    with reported():
        deleted = delete.delete(settings, progress)
    if as_json:
        print_json(asdict(deleted))
    else:
        gone = [part for part, was_there in asdict(deleted).items() if was_there]
        out.print(f"deleted: {', '.join(gone) or 'nothing was there'}", markup=False)


@app.command("pause")
def pause_command(name: Name = None, as_json: AsJson = False) -> None:
    """Holds capture still; changes wait in the slot, which keeps WAL on the source's disk until it is resumed.

    Example: techhub-cdc connectors pause
    """
    settings = settings_for(name, "postgres_dsn", "connect_url")
    with reported():
        held = pause.pause(settings)
    print_held(held, as_json)


@app.command("resume")
def resume_command(
    name: Name = None,
    as_json: AsJson = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for a heartbeat.", min=1)] = DEADLINE_SECONDS,
) -> None:
    """Lets capture go on, unless changes were lost meanwhile, and waits for a heartbeat.

    Example: techhub-cdc connectors resume
    """
    settings = settings_for(name, *ADDRESSES)
    with reported():
        held = pause.resume(settings, load_contract(settings.contract), progress, timeout)
    print_held(held, as_json)


def print_held(held: pause.Held, as_json: bool) -> None:
    if as_json:
        print_json(asdict(held))
        return
    out.print(f"connector {held.state.lower()}{'' if held.changed else ' already'}", markup=False)
    if held.slot is not None:
        limit = "no limit is set" if held.slot.safe is None else f"it is lost after {megabytes(held.slot.safe)} more"
        out.print(f"slot {held.slot.name} keeps {megabytes(held.slot.retained)} of WAL; {limit}", markup=False)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=str, ensure_ascii=False, indent=2))


@app.command("backfill")
def backfill_command(
    table: Annotated[str, typer.Argument(help="A captured table.")],
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Reads every row of a table again, beside the stream: after a new table or column. `reconcile` shows when it has.

    Example: techhub-cdc connectors backfill booking_room
    """
    settings = settings_for(name, "kafka_bootstrap")
    contract = load_contract(settings.contract)
    if table not in contract.tables:
        raise Usage(f"{table} is not in the contract; expected one of {', '.join(contract.tables)}")
    with reported():
        signals.read_again(settings, contract, contract.tables[table])
    if as_json:
        print_json({"table": table, "asked": True})
    else:
        out.print(f"asked the connector to read {table} again; techhub-cdc reconcile --table {table} shows when it has")
