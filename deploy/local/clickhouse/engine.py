"""Runs statements on chDB: a `Request` in, the bytes of its answer out.

Every statement has a connection of its own, so a setting, a parameter or a USE cannot outlive it: on a pooled
connection, the deduplication token of one insert makes the next insert of other rows vanish. Only plain inserts share
one a thread, because a connection and a SET cost a quarter of a small insert's CPU: their settings stand in the
statement itself, and the database is chosen anew when it differs. Reads, inserts and all else have threads of their
own, so slow ones of a kind hold up only their kind.
"""

import asyncio
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
        self._warm = threading.local()
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
            return self._insert_warm(request) if _is_plain_insert(request) else self._run_alone(request)
        except StatementError:
            raise
        except Exception as error:  # chDB raises RuntimeError and its own error, both with ClickHouse's text
            raise StatementError.of_engine(error) from None

    def _run_alone(self, request: Request) -> Answer:
        connection = chdb.connect(self._path)  # type: ignore[no-untyped-call]
        try:
            _prepare(connection, request)
            if request.statement.lane == "insert":
                return _insert(connection, request, request.statement.settings)
            return _query(connection, request)
        finally:
            connection.close()

    def _insert_warm(self, request: Request) -> Answer:
        """On this thread's own connection; after an error it is not used again."""
        connection, database = getattr(self._warm, "connection", None), getattr(self._warm, "database", "")
        self._warm.connection = None
        if connection is None:
            connection, database = chdb.connect(self._path), "default"  # type: ignore[no-untyped-call]
        try:
            if database != request.database:
                connection.query("USE " + _quoted(request.database))
            chosen = ", ".join(f"{name} = {_literal(value)}" for name, value in _checked(request.settings))
            answer = _insert(connection, request, f"SETTINGS {chosen}" if chosen else "")
        except BaseException:
            connection.close()
            raise
        self._warm.connection, self._warm.database = connection, request.database
        return answer

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._held.close()


def _prepare(connection: Any, request: Request) -> None:
    if request.database != "default":
        connection.query("USE " + _quoted(request.database))
    chosen = dict(request.settings)
    if request.statement.lane == "read":
        chosen.setdefault("max_execution_time", str(READ_SECONDS))
    if request.statement.lane == "insert":
        # an insert takes no parameters in the call, but its session may have them: identifiers
        chosen |= {f"param_{name}": value for name, value in request.parameters.items()}
    if settings := _checked(chosen):
        connection.query("SET " + ", ".join(f"{name} = {_literal(value)}" for name, value in settings))


def _is_plain_insert(request: Request) -> bool:
    """An insert of rows without parameters, whose settings all come beside it."""
    statement = request.statement
    return statement.lane == "insert" and not request.parameters and not statement.settings


def _checked(settings: Mapping[str, str]) -> list[tuple[str, str]]:
    """Names and values; readonly comes last, because it forbids to change itself."""
    names = sorted(settings, key=lambda name: (name == "readonly", name))
    if wrong := [name for name in names if not SETTING.fullmatch(name)]:
        raise StatementError.refused(BAD_ARGUMENTS, f"setting {wrong[0]!r}: expected a name")
    return [(name, settings[name]) for name in names]


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
