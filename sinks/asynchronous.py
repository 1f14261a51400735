"""`Sink` over HTTP, for the worker and the live page. Commands use the blocking client and do without aiohttp."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import aiohttp
import clickhouse_connect
from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.rows import Partition, Row, RowTable
from schemas.settings import Settings
from sinks.clickhouse import (
    INSERT_SETTINGS,
    ClickHouseError,
    SinkUnavailable,
    connection,
    one_line,
    passing,
    plain,
)


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
            if away(error):
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
            if away(error):
                raise SinkUnavailable(one_line(error)) from error
            raise


def owners(partitions: Collection[Partition]) -> dict[str, Any]:
    """Topics and numbers; rows of a partition that is not meant may come along."""
    return {"topics": sorted({p.topic for p in partitions}), "partitions": sorted({p.number for p in partitions})}


def away(error: BaseException) -> bool:
    """Whether waiting may help."""
    return isinstance(error, aiohttp.ClientError) or passing(error)
