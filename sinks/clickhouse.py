"""The one client path to ClickHouse: clickhouse-connect over HTTP, in the demo, in tests and in production.

`connect` gives a blocking client for commands, `Sink` the asynchronous one of the worker. `SinkUnavailable` is what may
pass (retry in place); any other exception of the client is a defect in what we sent.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import aiohttp
import clickhouse_connect
from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client as Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError

from schemas.rows import Partition, Row, RowTable
from schemas.settings import Settings

INSERT_SETTINGS: Final = {"async_insert": 0, "max_insert_threads": 1}
"""async_insert would acknowledge before the rows are there; a deduplication token would make other rows vanish."""

PASSING_CODES: Final = frozenset({
    3, 74, 75, 76, 94, 159, 160, 198, 201, 202, 203, 209, 210, 225, 236, 241, 242, 243, 244, 252, 279, 285, 286, 289,
    319, 336, 373, 394, 425, 439, 473, 516, 606, 999, 1002,
})  # fmt: skip
"""Error codes that time or an operator mends: time-outs, memory, disk, quorum, too many parts, passwords."""
UNKNOWN_DATABASE: Final = 81


__all__ = ["ClickHouse", "ClickHouseError", "Sink", "SinkUnavailable", "connect", "connection", "one_line", "plain"]


logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
"""Its warnings go where a program sends its logs; a command without logs prints one line, ours."""


class SinkUnavailable(Exception):
    """ClickHouse is away or refuses for now; the text is one line for the log."""


def connection(settings: Settings) -> dict[str, Any]:
    """Arguments for clickhouse-connect out of the DSN; the password appears nowhere else."""
    assert settings.clickhouse_dsn is not None, "commands require clickhouse_dsn before they connect"
    parts = urlsplit(settings.clickhouse_dsn.get_secret_value())
    return {
        "host": parts.hostname,
        "port": parts.port or (8443 if parts.scheme == "https" else 8123),
        "interface": parts.scheme,
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "autogenerate_session_id": False,
        **({"ca_cert": str(settings.clickhouse_ca)} if settings.clickhouse_ca else {}),
    }


def connect(settings: Settings, database: str | None = "") -> Client:
    """A blocking client in our database ('' = the setting; None = none, to create it); raises `SinkUnavailable`."""
    name = settings.clickhouse_database if database == "" else database
    try:
        return clickhouse_connect.get_client(**connection(settings), database=name)
    except (ClickHouseError, OSError) as error:
        missing = getattr(error, "code", None) == UNKNOWN_DATABASE
        raise SinkUnavailable(
            f"it has no database {name}: run techhub-cdc migrate" if missing else one_line(error)
        ) from error


def one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def passing(error: BaseException) -> bool:
    """Whether waiting may help."""
    if isinstance(error, (OperationalError, aiohttp.ClientError, OSError, TimeoutError)):
        code = getattr(error, "code", None)
        return not isinstance(error, OperationalError) or code is None or code in PASSING_CODES
    if isinstance(error, DatabaseError):
        return getattr(error, "code", None) in PASSING_CODES
    return False


class Sink(Protocol):
    """What the writer and the loading of state need of ClickHouse; the simulation has a model of it."""

    async def insert(self, table: str, columns: Sequence[str], data: Sequence[Sequence[Any]]) -> None:
        """Inserts rows given as columns; returns when they are durable, raises `SinkUnavailable` when unsure."""

    async def newest(
        self, table: RowTable, columns: Sequence[str], partitions: Collection[Partition]
    ) -> dict[Partition, list[Row]]:
        """The newest row of each key, tombstones included; instants are integers. For tables that stay small."""

    def stored(
        self,
        table: RowTable,
        columns: Sequence[str],
        partitions: Collection[Partition],
        since: Mapping[str, int] | None = None,
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        """Every row that is there, superseded ones too, as blocks of columns, topic and partition's number first.

        With `since` (by topic, seconds since 1970) only keys whose first column is not before that.
        """

    async def command(self, sql: str) -> None:
        """A statement without an answer."""

    async def highest(self, tables: Collection[str], topics: Collection[str]) -> dict[tuple[Partition, str], int]:
        """The highest version that each table holds of each partition of the topics."""

    async def started(self, worker: str) -> int:
        """When a worker with this id was last started, in microseconds; 0: never."""


class ClickHouse:
    """`Sink` over HTTP. Column types come from the database itself, once a table."""

    def __init__(self, client: AsyncClient, database: str) -> None:
        self.client = client
        self.database = database
        self.columns: dict[str, dict[str, str]] = {}
        self.types: dict[str, dict[str, ClickHouseType]] = {}
        self.describing = asyncio.Lock()

    @classmethod
    async def open(cls, settings: Settings) -> "ClickHouse":
        try:
            client = await clickhouse_connect.get_async_client(
                **connection(settings),
                database=settings.clickhouse_database,
                connect_timeout=5,
                send_receive_timeout=60,
            )
        except (ClickHouseError, aiohttp.ClientError, OSError) as error:
            raise SinkUnavailable(one_line(error)) from error
        return cls(client, settings.clickhouse_database)

    async def close(self) -> None:
        await self.client.close()

    async def insert(self, table: str, columns: Sequence[str], data: Sequence[Sequence[Any]]) -> None:
        known = self.types.get(table) or await self.described(table)
        await self.attempt(
            lambda: self.client.insert(
                table,
                data,
                column_names=columns,
                column_types=[known[name] for name in columns],
                column_oriented=True,
                settings=INSERT_SETTINGS,
            )
        )

    async def newest(
        self, table: RowTable, columns: Sequence[str], partitions: Collection[Partition]
    ) -> dict[Partition, list[Row]]:
        sql = await self.owned(table, columns)
        names = ", ".join(f"`{name}`" for name in dict.fromkeys((*table.key, *table.owner)))
        order = f" ORDER BY `{table.version}` DESC LIMIT 1 BY {names}"
        found: dict[Partition, list[Row]] = {partition: [] for partition in partitions}
        for topic, number, *row in zip(*await self.select(sql + order, owners(partitions)), strict=True):
            if (rows := found.get(Partition(topic, number))) is not None:
                rows.append(tuple(row))
        return found

    async def stored(
        self,
        table: RowTable,
        columns: Sequence[str],
        partitions: Collection[Partition],
        since: Mapping[str, int] | None = None,
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        """Not sorted and not made unique on the server, which costs more memory than the rows themselves."""
        sql = await self.owned(table, columns)
        asked = owners(partitions)
        if since is not None:
            sql += (
                f" AND `{table.key[0]}` >= fromUnixTimestamp("
                f"{{since:Array(UInt32)}}[indexOf({{topics:Array(String)}}, `{table.owner[0]}`)])"
            )
            asked["since"] = [since[topic] for topic in asked["topics"]]
        stream = await self.attempt(lambda: self.client.query_column_block_stream(sql, parameters=asked))
        try:
            async with stream as blocks:
                async for block in blocks:
                    yield block
        except Exception as error:
            if passing(error):
                raise SinkUnavailable(one_line(error)) from error
            raise

    async def owned(self, table: RowTable, columns: Sequence[str]) -> str:
        """Rows of some topics and numbers, these two first. Without FINAL, which would hide tombstones: a change sent
        again after a delete would be folded again."""
        types = await self.described(table.name)
        owner, number = table.owner
        chosen = ", ".join(plain(name, types[name].name) for name in (owner, number, *columns))
        return (
            f"SELECT {chosen} FROM `{table.name}` WHERE `{owner}` IN {{topics:Array(String)}} "  # noqa: S608 names of the contract
            f"AND `{number}` IN {{partitions:Array(UInt16)}}"
        )

    async def highest(self, tables: Collection[str], topics: Collection[str]) -> dict[tuple[Partition, str], int]:
        """One statement: dozens of small ones would take a restart longer than all the rest of it."""
        if not tables:
            return {}
        sql = " UNION ALL ".join(
            f"SELECT '{table}', _topic, _partition, max(_version) FROM `{table}` "  # noqa: S608 names that we have written
            "WHERE _topic IN {topics:Array(String)} GROUP BY _topic, _partition"
            for table in sorted(tables)
        )
        rows = zip(*await self.select(sql, {"topics": sorted(topics)}), strict=True)
        return {(Partition(topic, number), table): version for table, topic, number, version in rows}

    async def started(self, worker: str) -> int:
        sql = (
            "SELECT toUnixTimestamp64Micro(max(at)) FROM worker_events "
            "WHERE worker = {worker:String} AND event = 'start'"
        )
        return int((await self.select(sql, {"worker": worker}))[0][0])

    async def select(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Sequence[Any]]:
        """The answer as columns."""
        result = await self.attempt(lambda: self.client.query(sql, parameters=dict(parameters or {})))
        return result.result_columns  # type: ignore[no-any-return]

    async def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        await self.attempt(lambda: self.client.command(sql, parameters=dict(parameters or {})))

    async def has(self, table: str) -> bool:
        found = await self.select(
            "SELECT name FROM system.tables WHERE database = {database:String} AND name = {table:String}",
            {"database": self.database, "table": table},
        )
        return bool(found and found[0])

    async def described(self, table: str) -> dict[str, ClickHouseType]:
        """The columns of a table. All tables are asked for at once: one question takes as long as one for each."""
        async with self.describing:
            if table not in self.columns:
                await self.describe()
        if table not in self.columns:
            raise LookupError(f"table {table} is missing in database {self.database}: run techhub-cdc migrate")
        if table not in self.types:
            self.types[table] = {name: get_from_name(type_) for name, type_ in self.columns[table].items()}
        return self.types[table]

    async def describe(self) -> None:
        """Types by name: those of other tables in the database need not be known to the client."""
        sql = "SELECT table, name, type FROM system.columns WHERE database = {database:String}"
        for table, name, type_ in zip(*await self.select(sql, {"database": self.database}), strict=True):
            self.columns.setdefault(table, {})[name] = type_

    async def attempt(self, call: Callable[[], Any]) -> Any:
        try:
            return await call()
        except Exception as error:
            if passing(error):
                raise SinkUnavailable(one_line(error)) from error
            raise


def owners(partitions: Collection[Partition]) -> dict[str, Any]:
    """Topics and numbers; rows of a partition that is not meant may come along."""
    return {"topics": sorted({p.topic for p in partitions}), "partitions": sorted({p.number for p in partitions})}


def plain(name: str, type_: str) -> str:
    """Reads instants as the integers that were inserted, and a UUID as text."""
    inner = type_.removeprefix("Nullable(")
    if inner.startswith("DateTime64(6"):
        return f"toUnixTimestamp64Micro(`{name}`)"
    if inner.startswith("DateTime"):
        return f"toInt64(`{name}`)"
    if inner.startswith("UUID"):
        return f"toString(`{name}`)"
    return f"`{name}`"
