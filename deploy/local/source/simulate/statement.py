"""SQL statements as values: what is sent, and which change it makes when it commits.

Flows in: table, key, columns. Flows out: `Statement`s and the `Transaction` they belong to; nothing is executed here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from psycopg import sql

from deploy.local.source.base import Row
from deploy.local.source.simulate.pool import Pool

Operation = Literal["insert", "update", "delete"]
Key = int | str


@dataclass(frozen=True, slots=True)
class Change:
    """One row changed; `status` is the one it was given, None where the statement left it alone."""

    table: str
    operation: Operation
    key: Key
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Changes the one row with `key`, or, without a key, the rows whose keys it returns (none is fine too)."""

    query: bytes
    values: tuple[object, ...]
    table: str
    operation: Operation
    key: Key | None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What the simulator remembers once the transaction is committed; without a value the entity is forgotten."""

    pool: Pool[Any, Any]
    key: Key
    value: object = None


@dataclass(frozen=True, slots=True)
class Transaction:
    name: str
    statements: tuple[Statement, ...]
    effects: tuple[Effect, ...] = ()

    def take_effect(self) -> None:
        for effect in self.effects:
            if effect.value is None:
                effect.pool.remove(effect.key)
            else:
                effect.pool.put(effect.key, effect.value)

    def forget(self) -> None:
        """Somebody else changed what this was about: leave it to them."""
        for effect in self.effects:
            effect.pool.remove(effect.key)


def insert(table: str, row: Row, key: str = "id") -> Statement:
    return Statement(_insert(table, tuple(row)), tuple(row.values()), table, "insert", as_key(row[key]), _status(row))


def upsert(table: str, row: Row, key: str) -> Statement:
    return Statement(_upsert(table, tuple(row), key), tuple(row.values()), table, "insert", as_key(row[key]))


def update(
    table: str, key: Key, row: Row, *, by: str = "id", expected: Mapping[str, object] | None = None
) -> Statement:
    """Changes the row only while it holds the `expected` values."""
    expected = expected or {}
    query = _update(table, tuple(row), (by, *expected))
    return Statement(query, (*row.values(), key, *expected.values()), table, "update", key, _status(row))


def update_where(table: str, column: str, value: Key, row: Row) -> Statement:
    query = _update(table, tuple(row), (column,)) + b" RETURNING id"
    return Statement(query, (*row.values(), value), table, "update", None, _status(row))


def delete(table: str, key: Key, *, by: str = "id", expected: Mapping[str, object] | None = None) -> Statement:
    expected = expected or {}
    return Statement(_delete(table, (by, *expected)), (key, *expected.values()), table, "delete", key)


def delete_where(table: str, column: str, value: Key) -> Statement:
    return Statement(_delete(table, (column,)) + b" RETURNING id", (value,), table, "delete", None)


def as_key(value: object) -> Key:
    assert isinstance(value, int | str)
    return value


def _status(row: Row) -> str | None:
    status = row.get("status")
    return status if isinstance(status, str) else None


@cache
def _insert(table: str, columns: tuple[str, ...]) -> bytes:
    places = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
    return (
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), _names(columns), places).as_bytes(None)
    )


@cache
def _upsert(table: str, columns: tuple[str, ...], key: str) -> bytes:
    same = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in columns if column != key]
    conflict = sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {}").format(sql.Identifier(key), sql.SQL(", ").join(same))
    return _insert(table, columns) + conflict.as_bytes(None)


@cache
def _update(table: str, columns: tuple[str, ...], where: tuple[str, ...]) -> bytes:
    query = sql.SQL("UPDATE {} SET {} WHERE {}")
    return query.format(sql.Identifier(table), _equal(columns, ", "), _equal(where, " AND ")).as_bytes(None)


@cache
def _delete(table: str, where: tuple[str, ...]) -> bytes:
    return sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), _equal(where, " AND ")).as_bytes(None)


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _equal(columns: Iterable[str], joint: Literal[", ", " AND "]) -> sql.Composed:
    return sql.SQL(joint).join([sql.SQL("{} = %s").format(sql.Identifier(column)) for column in columns])
