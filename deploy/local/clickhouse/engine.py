"""Runs statements on chDB: a `Request` in, the bytes of its answer out.

A setting, a parameter or a USE must not outlive its statement: on a pooled connection, the deduplication token of one
insert makes the next insert of other rows vanish. But a connection, a USE and a SET cost as much as a small read, so
statements that leave their session as it was share connections that were prepared for the same database and settings,
and plain inserts those without settings: theirs stand in the statement. Every other statement has a connection of its
own, as everything has after an error. Reads, inserts and all else have threads of their own, so slow ones of a kind
hold up only their kind.
"""

import asyncio
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chdb

from deploy.local.clickhouse.errors import (
    BAD_ARGUMENTS,
    TOO_MANY_SIMULTANEOUS_QUERIES,
    StatementError,
)
from deploy.local.clickhouse.request import Request
from deploy.local.clickhouse.statement import Lane

THREADS: dict[Lane, int] = {"read": 2, "insert": 8, "other": 2}
WAITING = 256
"""Statements that may be under way or wait; the next one is refused instead of waiting without an end."""

READ_SECONDS = 300
SETTING = re.compile(r"[A-Za-z_]\w*")
KEPT = 8
"""Prepared connections of a thread."""
Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    read_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0


class Engine:
    """One process may open a directory once. Statements may come from any thread or task."""

    def __init__(self, directory: Path) -> None:
        self._path = str(directory)
        # held for the life of the process: with no connection left the engine would close its tables
        self._held = chdb.connect(self._path)  # type: ignore[no-untyped-call]
        self._pools = {lane: ThreadPoolExecutor(count, lane) for lane, count in THREADS.items()}
        self._kept = _Kept(self._path)
        self._under_way = 0
        self._counting = threading.Lock()

    async def run(self, request: Request) -> Answer:
        self._enter()
        future = self._pools[request.statement.lane].submit(self._run, request)
        # counted until the thread is done with it, even when nobody waits any more
        future.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(future)

    def _enter(self) -> None:
        with self._counting:
            if self._under_way >= WAITING:
                raise StatementError.refused(TOO_MANY_SIMULTANEOUS_QUERIES, f"more than {WAITING} statements wait")
            self._under_way += 1

    def _leave(self) -> None:
        with self._counting:
            self._under_way -= 1

    def _run(self, request: Request) -> Answer:
        try:
            if request.statement.leaves_session:
                with self._kept.prepared(request.database, _settings(request)) as connection:
                    return _query(connection, request)
            if _is_plain_insert(request):
                chosen = ", ".join(_assigned(_checked(request.settings)))
                with self._kept.prepared(request.database, ()) as connection:
                    return _insert(connection, request, f"SETTINGS {chosen}" if chosen else "")
            with closing(_open(self._path, request.database, _settings(request))) as connection:
                if request.statement.lane == "insert":
                    return _insert(connection, request, request.statement.settings)
                return _query(connection, request)
        except StatementError:
            raise
        except Exception as error:  # chDB raises RuntimeError and its own error, both with ClickHouse's text
            raise StatementError.of_engine(error) from None

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._held.close()


class _Kept(threading.local):
    """The prepared connections of each thread; those that were used last stay."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.connections: dict[tuple[str, Settings], Any] = {}

    @contextmanager
    def prepared(self, database: str, settings: Settings) -> Iterator[Any]:
        """One for the same database and settings; after an error it is not used again."""
        connection = self.connections.pop((database, settings), None) or _open(self.path, database, settings)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self.connections[database, settings] = connection
        if len(self.connections) > KEPT:
            self.connections.pop(next(iter(self.connections))).close()


def _open(path: str, database: str, settings: Settings) -> Any:
    connection = chdb.connect(path)  # type: ignore[no-untyped-call]
    try:
        if database != "default":
            connection.query("USE " + _quoted(database))
        if settings:
            connection.query("SET " + ", ".join(_assigned(settings)))
    except BaseException:
        connection.close()
        raise
    return connection


def _settings(request: Request) -> Settings:
    """Those of a session that runs nothing but this statement."""
    chosen = dict(request.settings)
    if request.statement.lane == "read":
        chosen.setdefault("max_execution_time", str(READ_SECONDS))
    if request.statement.lane == "insert":
        # an insert takes no parameters in the call, but its session may have them: identifiers
        chosen |= {f"param_{name}": value for name, value in request.parameters.items()}
    return _checked(chosen)


def _is_plain_insert(request: Request) -> bool:
    """An insert of rows without parameters, whose settings all come beside it."""
    statement = request.statement
    return statement.lane == "insert" and not request.parameters and not statement.settings


def _checked(settings: Mapping[str, str]) -> Settings:
    """Names and values; readonly comes last, because it forbids to change itself."""
    names = sorted(settings, key=lambda name: (name == "readonly", name))
    if wrong := [name for name in names if not SETTING.fullmatch(name)]:
        raise StatementError.refused(BAD_ARGUMENTS, f"setting {wrong[0]!r}: expected a name")
    return tuple((name, settings[name]) for name in names)


def _assigned(settings: Settings) -> list[str]:
    return [f"{name} = {_literal(value)}" for name, value in settings]


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _query(connection: Any, request: Request) -> Answer:
    # a FORMAT in the statement goes before the default
    result = connection.query(request.statement.sql, request.default_format, params=dict(request.parameters) or None)
    if not hasattr(result, "bytes"):
        raise StatementError.refused(BAD_ARGUMENTS, f"format {request.default_format}: expected one of ClickHouse's")
    return Answer(result.bytes(), read_rows=result.rows_read())


def _insert(connection: Any, request: Request, settings: str) -> Answer:
    """Through a file: chDB's own way for rows (`send_insert`) answers that all is well where the table refuses them, on
    a full disk, with too many parts, by a constraint."""
    statement = request.statement
    with _file(statement.data) as path:
        written = connection.query(f"{statement.sql} FROM INFILE '{path}' {settings} FORMAT {statement.format}")
    return Answer(b"", written_rows=written.rows_written(), written_bytes=written.bytes_written())


@contextmanager
def _file(data: bytes) -> Iterator[str]:
    """Where the engine can read them; in memory where the system can do that."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as kept:
            kept.write(data)
            kept.flush()
            yield kept.name
        return
    number = os.memfd_create("rows")
    try:
        with open(number, "wb", closefd=False) as memory:
            memory.write(data)
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)
