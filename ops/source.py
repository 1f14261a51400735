"""Rows of the source as the mirror should have them, read from PostgreSQL itself.

The SQL gives each column in the form in which Debezium writes it, so that the contract's converters say what fits.
Read-only, in one snapshot a read, with a statement timeout: it can neither change nor hold up the source.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql

from schemas.contract import Column, Table
from schemas.decoder import convert
from schemas.errors import Unreachable
from schemas.settings import Settings
from schemas.types import ColumnType, Unfit

TIMEOUT: Final = "60s"

_INSTANT: Final = (
    "CASE WHEN NOT isfinite({0}) THEN {0}::text WHEN {0} < '0001-01-01' THEN 'BC' "
    'ELSE to_char({1}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') END'
)
FORMS: Final = {
    "timestamptz": _INSTANT.replace("{1}", "{0} AT TIME ZONE 'UTC'"),
    "timestamp": _INSTANT.replace("{1}", "{0}"),
    "decimal": "{0}::text",
    "uuid": "{0}::text",
    "date": "{0}::text",
    "i18n": "{0}::text",
    "strings": "to_json({0})::text",
    "count": "to_json({0})::text",
    "flag": "{0}::text",
}

KEYS: Final = {"int16": "bigint", "int32": "bigint", "int64": "bigint", "uuid": "uuid"}
"""PostgreSQL's type of keys that are asked for, by the contract's; text where it is none of these."""


class Source:
    """`rows(table, types)` -> key -> values in contract order."""

    def __init__(self, connection: psycopg.Connection[Any], schema: str) -> None:
        self.connection = connection
        self.schema = schema

    def rows(
        self, table: Table, types: Collection[ColumnType], keys: Collection[Any] | None
    ) -> dict[Any, tuple[Any, ...]]:
        chosen = [self.form(column) for column in table.columns]
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(chosen), sql.Identifier(self.schema, table.name))
        parameters: list[Any] = []
        if keys is not None:
            columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.key)
            query += sql.SQL(" WHERE ({}) IN (SELECT * FROM unnest({}))").format(
                columns,
                sql.SQL(", ").join(
                    sql.SQL("{}::{}[]").format(sql.Placeholder(), sql.SQL(KEYS.get(table.column(name).type, "text")))
                    for name in table.key
                ),
            )
            parts = [key if isinstance(key, tuple) else (key,) for key in keys]
            parameters = [[part[i] for part in parts] for i in range(len(table.key))]
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(query, parameters)
            return {self.key(table, row): row for row in (self.values(table, types, row) for row in cursor)}

    @staticmethod
    def key(table: Table, row: tuple[Any, ...]) -> Any:
        names = [column.name for column in table.columns]
        parts = tuple(row[names.index(name)] for name in table.key)
        return parts[0] if len(parts) == 1 else parts

    @staticmethod
    def form(column: Column) -> sql.Composable:
        text = "{0}::text" if column.path else FORMS.get(column.type, "{0}")
        return sql.SQL(text).format(sql.Identifier(column.source))

    @staticmethod
    def values(table: Table, types: Collection[ColumnType], raw: tuple[Any, ...]) -> tuple[Any, ...]:
        found = []
        for column, type_, item in zip(table.columns, types, raw, strict=True):
            try:
                found.append(type_.empty if item is None else convert(item, column, type_))
            except Unfit:
                found.append(type_.empty)
        return tuple(found)

    def position(self) -> tuple[int, int]:
        """Where the source's log is, as a number of bytes, and its clock then, microseconds since 1970."""
        row = self.connection.execute("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint").fetchone()
        assert row is not None
        return int(row[0]), self.now()

    def now(self) -> int:
        """The source's clock, microseconds since 1970; every clock that matters is this one."""
        row = self.connection.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def source(settings: Settings, schema: str) -> Iterator[Source]:
    assert settings.postgres_dsn is not None
    try:
        connection = psycopg.connect(
            settings.postgres_dsn.get_secret_value(),
            autocommit=True,
            connect_timeout=5,
            options=f"-c statement_timeout={TIMEOUT} -c default_transaction_read_only=on",
            application_name="techhub-cdc reconcile",
        )
    except psycopg.Error as error:
        raise Unreachable(f"PostgreSQL cannot be reached: {' '.join(str(error).split())}") from None
    with connection:
        yield Source(connection, schema)
