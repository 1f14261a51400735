"""Migrations: what is missing in ClickHouse -> the tables, mirrors and views of this version.

Flows in: `migrations/NNNN_name.sql`, the contract, the views, and what the database has. Flows out: a `Plan`, and the
database in the declared state. Every statement may be run twice, so that an interrupted migration is simply run again
and two at once do no harm; a migration is recorded in `schema_migrations` after its last statement.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from schemas.contract import Contract, load_contract
from schemas.lifecycles import load_lifecycles
from schemas.settings import Settings
from sinks.clickhouse import INSERT_SETTINGS, Client, SinkUnavailable, connect, one_line, passing
from sinks.migration import Migration, MigrationError, check_applied, load_migrations
from sinks.mirror import mirror_changes, superfluous
from sinks.statements import name
from sinks.view import View, load_views

SMALL_PARTS: Final = "SETTINGS min_bytes_for_full_part_storage = 10485760, auto_statistics_types = ''"
"""A part is one file until it is large, without statistics: a small insert costs a tenth to a fifth less CPU."""
FSYNC: Final = ", fsync_after_insert = 1, fsync_part_directory = 1"

RECORDS: Final = """CREATE TABLE IF NOT EXISTS schema_migrations (
    number UInt32,
    name String,
    checksum String COMMENT 'of the file, SHA-256',
    applied_at DateTime64(6, 'UTC')
) ENGINE = ReplacingMergeTree(applied_at) ORDER BY number"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: what kind of thing, its name, what happens to it."""

    kind: str
    name: str
    action: str
    statements: tuple[str, ...]
    record: Migration | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    database: str
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Existing:
    """What a database has."""

    exists: bool = False
    applied: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """number -> (name, checksum)"""
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """table -> column -> type"""
    views: Mapping[str, str] = field(default_factory=dict)
    """view -> comment"""


def plan(
    settings: Settings, existing: Existing, migrations: list[Migration], contract: Contract, views: list[View]
) -> Plan:
    """What leads from `existing` to this version. Pure."""
    check_applied(existing.applied, migrations)
    steps = (
        *foundation(settings.clickhouse_database, existing),
        *(
            Step("migration", each.name, f"applied, {len(each.statements)} statements", each.statements, each)
            for each in migrations
            if each.number not in existing.applied
        ),
        *(
            Step("mirror", change.table, change.action, (change.statement,))
            for change in mirror_changes(contract, existing.columns, storage_of(settings))
        ),
        *(
            Step("view", view.name, "replaced" if view.name in existing.views else "created", (view.statement,))
            for view in views
            if existing.views.get(view.name) != view.comment
        ),
    )
    return Plan(settings.clickhouse_database, steps, tuple(superfluous(contract, existing.columns)))


def foundation(database: str, existing: Existing) -> Iterator[Step]:
    if not existing.exists:
        yield Step("database", database, "created", (f"CREATE DATABASE IF NOT EXISTS {name(database)}",))
    if "schema_migrations" not in existing.columns:
        yield Step("table", "schema_migrations", "created", (RECORDS,))


def storage_of(settings: Settings) -> str:
    return SMALL_PARTS + (FSYNC if settings.clickhouse_fsync else "")


def inspect(client: Client, database: str) -> Existing:
    """What `database` has, seen through a connection to any database."""
    at = {"database": database}
    if not rows(client, "SELECT 1 FROM system.databases WHERE name = {database:String}", at):
        return Existing()
    columns: dict[str, dict[str, str]] = {}
    listing = rows(client, "SELECT table, name, type FROM system.columns WHERE database = {database:String}", at)
    for table, column, type_ in listing:
        columns.setdefault(table, {})[column] = type_
    of_views = "SELECT name, comment FROM system.tables WHERE database = {database:String} AND engine = 'View'"
    applied: dict[int, tuple[str, str]] = {}
    if "schema_migrations" in columns:
        records = f"SELECT number, name, checksum FROM {name(database)}.schema_migrations FINAL"  # noqa: S608 quoted
        applied = {number: (title, checksum) for number, title, checksum in rows(client, records)}
    return Existing(True, applied, columns, {view: comment for view, comment in rows(client, of_views, at)})  # noqa: C416


def migrate(settings: Settings, *, dry_run: bool = False) -> Plan:
    """Brings the database to this version and tells what it did, or would do."""
    contract = load_contract(settings.contract)
    views = load_views(contract, load_lifecycles(), settings.timezone)
    migrations = load_migrations(storage_of(settings))
    with connect(settings, None) as server:
        todo = plan(settings, inspect(server, settings.clickhouse_database), migrations, contract, views)
        if dry_run or not todo.steps:
            return todo
        run(server, [step for step in todo.steps if step.kind == "database"])
    with connect(settings) as client:
        run(client, [step for step in todo.steps if step.kind != "database"])
    return todo


def run(client: Client, steps: Sequence[Step]) -> None:
    for step in steps:
        with refusals(f"{step.kind} {step.name}"):
            for statement in step.statements:
                client.command(statement)
            if step.record:
                record(client, step.record)


def record(client: Client, migration: Migration) -> None:
    row = [migration.number, migration.name, migration.checksum, datetime.now(UTC)]
    names = ["number", "name", "checksum", "applied_at"]
    client.insert("schema_migrations", [row], column_names=names, settings=INSERT_SETTINGS)


def rows(client: Client, sql: str, parameters: dict[str, str] | None = None) -> Sequence[Sequence[Any]]:
    with refusals("looking at the database"):
        return client.query(sql, parameters=parameters).result_rows


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Tells what may pass (`SinkUnavailable`) from what ClickHouse refuses (`MigrationError`)."""
    try:
        yield
    except Exception as error:
        if passing(error):
            raise SinkUnavailable(one_line(error)) from error
        raise MigrationError(f"{what}: refused by ClickHouse: {one_line(error)}") from error
