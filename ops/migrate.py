"""`techhub-cdc migrate`: brings ClickHouse's tables and views to this version."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from ops.target import settings_for
from schemas.errors import Problem, Unreachable
from schemas.settings import Settings
from sinks.clickhouse import SinkUnavailable
from sinks.migrate import Plan, migrate
from sinks.migration import MigrationError
from sinks.mirror import MirrorError
from sinks.statements import SqlError

EXAMPLE = "Example: techhub-cdc migrate --dry-run"


def register(app: typer.Typer) -> None:
    app.command("migrate", epilog=EXAMPLE)(command)


def command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the statements that would run; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")] = None,
) -> None:
    """Creates or updates the database, its tables, the mirror of the contract and the views. Safe to repeat."""
    settings = settings_for(name, "clickhouse_dsn")
    report(migrated(settings, dry_run=dry_run), dry_run, as_json)


def migrated(settings: Settings, *, dry_run: bool = False) -> Plan:
    """What was done, or would be; errors as what a command may end with."""
    try:
        return migrate(settings, dry_run=dry_run)
    except SinkUnavailable as error:
        raise Unreachable(
            f"ClickHouse is away or refuses for now: {error}; run migrate again when it answers"
        ) from None
    except (MigrationError, MirrorError, SqlError) as error:
        raise Problem(str(error)) from None


def report(plan: Plan, dry_run: bool, as_json: bool) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False)
    if as_json:
        out.print(json.dumps(document(plan, dry_run), ensure_ascii=False, indent=2))
        return
    for step in plan.steps:
        if dry_run:
            out.print(f"-- {step.kind} {step.name}")
            for statement in step.statements:
                out.print(f"{statement};\n")
        else:
            out.print(f"{step.kind} {step.name}: {step.action}")
    for warning in plan.warnings:
        out.print(f"{'-- ' * dry_run}warning {warning}")
    if not plan.steps:
        out.print(f"{'-- ' * dry_run}database {plan.database}: up to date")


def document(plan: Plan, dry_run: bool) -> dict[str, Any]:
    return {
        "database": plan.database,
        "dry_run": dry_run,
        "steps": [
            {"kind": step.kind, "name": step.name, "action": step.action}
            | ({"statements": list(step.statements)} if dry_run else {})
            for step in plan.steps
        ],
        "warnings": list(plan.warnings),
    }
