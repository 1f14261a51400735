"""PostgreSQL's catalogue -> plain values: what the source database really holds, beside what the contract says.

Flows in: an open connection of any role that may log in (every query reads what PostgreSQL shows to everybody).
Flows out: a frozen `Catalogue`; LSNs are integers (bytes), types are `format_type` names without modifiers, a domain is
its base type and an enum is text.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from connectors.errors import Refused, Unreachable
from schemas.contract import Contract
from schemas.settings import Settings

CAPTURE_SCHEMA: Final = "cdc"
"""The schema of our own tables: `cdc.heartbeat` and `cdc.signal`."""

SOURCE_ID: Final = (
    "(select system_identifier::text from pg_control_system()) || '/' || "
    "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int::text"
)
"""`<system identifier>/<timeline>`, the timeline being the one that WAL is written to now:
`pg_control_checkpoint()` would name the old one until the first checkpoint after a promotion. Everybody may execute
these functions (PostgreSQL 18)."""


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """`readable`: the connector's role holds a SELECT grant on exactly this column (a grant follows a rename)."""

    name: str
    type: str
    attnum: int
    nullable: bool
    readable: bool


@dataclass(frozen=True, slots=True)
class SourceTable:
    """`identity` is REPLICA IDENTITY: d(efault), n(othing), f(ull), i(ndex). `kind`: r(elation) or p(artitioned)."""

    schema: str
    name: str
    kind: str
    identity: str
    key: tuple[str, ...]
    owned: bool
    readable: bool
    columns: dict[str, SourceColumn]

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Publication:
    all_tables: bool
    complete: bool
    owned: bool
    tables: frozenset[str]
    filtered: frozenset[str]
    """`complete`: insert, update, delete and truncate are all published. `filtered` tables have a row filter."""


@dataclass(frozen=True, slots=True)
class Slot:
    """`retained`, `unconfirmed`: bytes of WAL. `safe`: bytes until the slot is lost (None: no limit)."""

    name: str
    plugin: str
    active_pid: int | None
    wal_status: str | None
    invalidation_reason: str | None
    confirmed_flush_lsn: int | None
    retained: int | None
    unconfirmed: int | None
    safe: int | None


@dataclass(frozen=True, slots=True)
class Role:
    replication: bool
    superuser: bool
    connection_limit: int
    config: tuple[str, ...]
    administered: bool
    """`administered`: the role of this connection may alter it."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the role of this connection may do."""

    user: str
    superuser: bool
    create_role: bool
    create_on_database: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    rights: Rights
    role: Role | None
    schema_owned: bool | None
    schema_usable: bool
    """`schema_owned`: None while there is no schema `cdc`. `schema_usable`: the connector's role has USAGE on it."""
    heartbeat_row: bool
    publication: Publication | None
    slot: Slot | None
    source_id: str
    wal_level: str
    tables: dict[str, SourceTable] = field(default_factory=dict)
    """By qualified name: the captured schema's tables and those of `cdc`."""
    privileges: dict[str, frozenset[str]] = field(default_factory=dict)
    """`table.column` or `table` of schema `cdc` -> privileges that the connector's role holds on it."""

    def table(self, schema: str, name: str) -> SourceTable | None:
        return self.tables.get(f"{schema}.{name}")


@contextmanager
def connect(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the DSN's role; short timeouts, so that nobody queues behind a lock that waits for us."""
    assert settings.postgres_dsn is not None
    dsn = settings.postgres_dsn.get_secret_value()
    options = "-c lock_timeout=5s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
    try:
        connection = psycopg.connect(
            dsn, autocommit=True, connect_timeout=10, options=options, application_name="techhub-cdc connectors"
        )
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise Unreachable(f"postgresql cannot be reached: {reason}; check TECHHUB_POSTGRES_DSN") from None
    try:
        with connection:
            yield connection
    except psycopg.OperationalError as error:
        raise Unreachable(f"postgresql went away: {str(error).strip().splitlines()[0]}") from None
    except psycopg.Error as error:
        raise Refused(f"postgresql refused: {str(error).strip().splitlines()[0]}") from None


def read(connection: psycopg.Connection[Any], contract: Contract, settings: Settings) -> Catalogue:
    names = {
        "schema": contract.schema_name,
        "cdc": CAPTURE_SCHEMA,
        "role": settings.connector_user,
        "publication": settings.publication,
        "slot": settings.slot_name,
    }
    rights = _one(connection, "rights", Rights, names)
    assert rights is not None
    schema = connection.execute(_query("schema"), names).fetchone()
    source = connection.execute(f"select {SOURCE_ID}, current_setting('wal_level')").fetchone()
    assert source is not None
    tables = _tables(connection, names)
    return Catalogue(
        rights=rights,
        role=_one(connection, "role", Role, names),
        schema_owned=schema[0] if schema else None,
        schema_usable=bool(schema and schema[1]),
        heartbeat_row=f"{CAPTURE_SCHEMA}.heartbeat" in tables and _heartbeat_row(connection),
        publication=_publication(connection, names),
        slot=read_slot(connection, settings.slot_name),
        source_id=source[0],
        wal_level=source[1],
        tables=tables,
        privileges={name: frozenset(held) for name, held in connection.execute(_query("privileges"), names)},
    )


def read_slot(connection: psycopg.Connection[Any], name: str) -> Slot | None:
    slot: Slot | None = _one(connection, "slot", Slot, {"slot": name})
    return slot


def _heartbeat_row(connection: psycopg.Connection[Any]) -> bool:
    try:
        row = connection.execute("select exists (select from cdc.heartbeat where id = 1)").fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return False
    return bool(row and row[0])


def _publication(connection: psycopg.Connection[Any], names: dict[str, str]) -> Publication | None:
    row = connection.execute(_query("publication"), names).fetchone()
    if row is None:
        return None
    members = connection.execute(_query("publication_tables"), names).fetchall()
    return Publication(
        all_tables=row[0],
        complete=row[1],
        owned=row[2],
        tables=frozenset(name for name, _ in members),
        filtered=frozenset(name for name, is_filtered in members if is_filtered),
    )


def _tables(connection: psycopg.Connection[Any], names: dict[str, str]) -> dict[str, SourceTable]:
    columns: dict[int, dict[str, SourceColumn]] = {}
    for oid, *values in connection.execute(_query("columns"), names):
        column = SourceColumn(*values)
        columns.setdefault(oid, {})[column.name] = column
    tables = (
        SourceTable(schema, name, kind, identity, tuple(key), owned, readable, columns.get(oid, {}))
        for oid, schema, name, kind, identity, key, owned, readable in connection.execute(_query("tables"), names)
    )
    return {table.qualified: table for table in tables}


def _one(connection: psycopg.Connection[Any], query: str, shape: type[Any], names: dict[str, str]) -> Any:
    with connection.cursor(row_factory=class_row(shape)) as cursor:
        return cursor.execute(_query(query), names).fetchone()


@cache
def _query(name: str) -> Any:
    """The statement below `-- name: ...` in catalogue.sql."""
    text = Path(__file__).with_name("catalogue.sql").read_text(encoding="utf-8")
    for section in text.split("-- name: ")[1:]:
        title, _, statement = section.partition("\n")
        if title.strip() == name:
            return statement.encode()
    raise LookupError(name)
