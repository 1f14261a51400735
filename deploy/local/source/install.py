"""Installs the source database of the embedded stack: schema, marker and base data set, in one transaction.

The marker is a table that no real techhub has. Whatever writes made-up rows asks for it first (`require_marker`).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from deploy.local.source.base import Base, Row, Table
from deploy.local.source.domains import base_tables, definitions
from deploy.local.source.volumes import Volumes

MARKER = "techhub_cdc_embedded_marker"
DEFAULT_SCALE = 0.02
INSTALLING = 7_406_215_001
"""Key of the advisory lock: two installs of one database run one after the other."""

Connection = psycopg.Connection[tuple[object, ...]]
Progress = Callable[[str], None]


class NotEmbedded(Exception):
    """The database is not one that this package made: it may be a real one, nothing is written to it."""


def silent(_: str) -> None:
    """No progress shown."""


def has_marker(connection: Connection) -> bool:
    return connection.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{MARKER}",)).fetchone() == (True,)


def require_marker(connection: Connection) -> None:
    if not has_marker(connection):
        raise NotEmbedded(
            f"database {connection.info.dbname} has no table {MARKER}, which `up` leaves in every database it makes: "
            "it may be a real techhub, so no made-up rows are written to it"
        )


def install(
    dsn: str,
    *,
    scale: float = DEFAULT_SCALE,
    empty: bool = False,
    seed: int = 1,
    now: datetime | None = None,
    progress: Progress = silent,
) -> bool:
    """Creates schema, marker and, unless `empty`, the base data set; False when the marker is already there.

    `now` is the instant that the base data set ends at, default the last full hour.
    Raises `NotEmbedded` when there are tables of techhub without the marker.
    """
    before, after = definitions()
    now = now or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with psycopg.connect(dsn, application_name="techhub-install") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (INSTALLING,))
        if has_marker(connection):
            return False
        if connection.execute("SELECT to_regclass('public.service_servicerequest')").fetchone() != (None,):
            require_marker(connection)
        progress("schema")
        connection.execute(before.encode())
        if not empty:
            for table in base_tables(Base(Volumes(scale), now, seed)):
                progress(f"{table.name}: {_load(connection, table):,} rows")
        progress("indexes and foreign keys")
        connection.execute(after.encode())
        _advance_sequences(connection)
        _leave_marker(connection, 0 if empty else scale, seed, now)
    _analyze(dsn)
    return True


def _load(connection: Connection, table: Table) -> int:
    rows = iter(table.rows)
    first = next(rows, None)
    if first is None:
        return 0
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, first))
    )
    count = 0
    with connection.cursor() as cursor, cursor.copy(copy) as stream:
        for row in _chain(first, rows):
            stream.write_row(tuple(row.values()))
            count += 1
    return count


def _chain(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _advance_sequences(connection: Connection) -> None:
    """Rows were loaded with their ids: the next one that the database gives must be above them."""
    tables = connection.execute(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'id' AND is_identity = 'YES'"
    ).fetchall()
    for (table,) in tables:
        connection.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {} HAVING max(id) > 0").format(
                sql.Literal(table), sql.Identifier(str(table))
            )
        )


def _leave_marker(connection: Connection, scale: float, seed: int, now: datetime) -> None:
    name = sql.Identifier(MARKER)
    columns = "(installed_at timestamptz PRIMARY KEY, scale double precision, seed bigint, data_until timestamptz)"
    connection.execute(sql.SQL("CREATE TABLE {} ").format(name) + sql.SQL(columns))
    connection.execute(sql.SQL("INSERT INTO {} VALUES (now(), %s, %s, %s)").format(name), (scale, seed, now))


def _analyze(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
