"""The one client path to ClickHouse: clickhouse-connect over HTTP, in the demo, in tests and in production.

`connect` gives a blocking client for commands; `Sink` is what the worker needs, and `sinks/asynchronous.py` how it gets
it. `SinkUnavailable` is what may pass (retry in place); any other exception of the client is a defect in what we sent.
"""

import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import clickhouse_connect
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


__all__ = ["ClickHouseError", "Sink", "SinkUnavailable", "connect", "connection", "one_line", "plain"]


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
    if isinstance(error, (OperationalError, OSError, TimeoutError)):
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
