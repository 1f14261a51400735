"""The embedded stack: PostgreSQL, Kafka, Kafka Connect and ClickHouse, started, found again and stopped by name.

A stack is a directory: `state.json`, `secrets/`, `logs/` and a folder for each part. Its processes outlive the command.
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local import connect, jars, kafka, postgres, processes, source, state
from deploy.local.cache import exclusively
from deploy.local.clickhouse import part as clickhouse_part
from deploy.local.part import Part
from deploy.local.place import Place, choose_port
from deploy.local.starting import Event, Progress, Starting, stop
from schemas.errors import Usage

PARTS: tuple[Part, ...] = (postgres.PART, kafka.PART, connect.PART, clickhouse_part.PART)
NAME = re.compile(r"[A-Za-z0-9][\w-]{0,40}")
PYTHON = ((3, 11), (3, 14))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a stack's parts are and how to log in: all that the settings need."""

    name: str
    directory: Path
    postgres_dsn: str = field(repr=False)
    kafka_bootstrap: str
    connect_url: str
    clickhouse_dsn: str = field(repr=False)
    connector_password: str = field(repr=False)
    connector_password_reference: str

    def environment(self) -> dict[str, str]:
        """Settings as environment variables; inserts need not be durable in a demonstration."""
        named = {
            f"TECHHUB_{name.upper()}": str(value)
            for name, value in asdict(self).items()
            if name not in ("name", "directory")
        }
        return named | {"TECHHUB_CLICKHOUSE_FSYNC": "0"}


def quiet(event: Event) -> None:
    """For callers that show no progress."""


class Stack:
    """All stacks under `root`, a folder such as `.local`. Safe to use from several processes at once."""

    def __init__(self, root: Path, *, parts: Sequence[Part] = PARTS, with_source: bool = True) -> None:
        """Fewer `parts`, or none of the source's rows and tables, for tests that need no more."""
        self._root = root.absolute()
        self._parts = parts
        self._with_source = with_source

    def up(
        self, name: str, progress: Progress = quiet, *, scale: float | None = None, empty: bool = False
    ) -> Addresses:
        """Starts what does not run, and loads the source database once. Returns when all of it is healthy."""
        _check_python()
        with self._locked(name):
            place, known = self._open(name)
            missing = [part for part in self._parts if not _runs(known, part)]
            for part in self._parts:
                if part not in missing:
                    progress(Event(part.name, "running"))
            if missing:
                _fetch(progress)
                Starting(place, known, progress).run(missing)
            if self._with_source and not known.source_loaded:
                _load_source(place, progress, scale, empty)
                known.source_loaded = True
                state.save(place.directory, known)
            return _addresses(name, place)

    def down(self, name: str, purge: bool = False, progress: Progress = quiet) -> bool:
        """Stops the stack, with `purge` deletes it. False when there is none of that name."""
        directory = self._directory(name)
        if not directory.exists():
            return False
        with self._locked(name):
            known = state.load(directory) or state.State()
            place = Place(directory, known.ports)
            stop(place, known, PARTS, progress, abort=purge)
            if purge:
                for part in PARTS:
                    part.purge(place)
                shutil.rmtree(directory)
        return True

    def read(self, name: str) -> Addresses | None:
        """Where a stack is, running or not; None when there is none of that name."""
        known = state.load(self._directory(name))
        if known is None:
            return None
        return _addresses(name, Place(self._directory(name), known.ports))

    def running(self, name: str) -> dict[str, bool]:
        """Which of its parts run."""
        known = state.load(self._directory(name)) or state.State()
        return {part.name: _runs(known, part) for part in self._parts}

    def _directory(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise Usage(f"stack name {name!r}: expected letters, digits, - and _, such as default")
        return self._root / name

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """One command at a time for a stack; the lock lies outside of what a purge deletes."""
        self._directory(name)
        with ExitStack() as held:
            try:
                self._root.mkdir(parents=True, exist_ok=True)
                held.enter_context(exclusively(self._root / f".{name}.lock"))
            except OSError as error:
                raise Usage(_not_writable(self._root, error)) from None
            yield

    def _open(self, name: str) -> tuple[Place, state.State]:
        directory = self._directory(name)
        try:
            # others may pass through, because PostgreSQL may run as another user; each folder inside is closed
            directory.mkdir(mode=0o711, exist_ok=True)
            known = state.load(directory) or state.State()
            for port in (port for part in (*PARTS, *self._parts) for port in part.ports):
                if port not in known.ports:
                    known.ports[port] = choose_port(set(known.ports.values()))
            state.save(directory, known)
        except OSError as error:
            raise Usage(_not_writable(directory, error)) from None
        return Place(directory, known.ports), known


def _runs(known: state.State, part: Part) -> bool:
    running = known.running.get(part.name)
    return running is not None and processes.alive(running)


def _fetch(progress: Progress) -> None:
    began = time.monotonic()

    def fetched(done: int, total: int) -> None:
        progress(Event("jars", "fetching", detail=f"{done} of {total} files of Kafka, Connect and Debezium"))

    jars.fetch(fetched)
    progress(Event("jars", "ready", time.monotonic() - began))


def _load_source(place: Place, progress: Progress, scale: float | None, empty: bool) -> None:
    began = time.monotonic()
    progress(Event("source", "loading"))
    source.install(
        postgres.dsn(place),
        scale=source.DEFAULT_SCALE if scale is None else scale,
        empty=empty,
        progress=lambda text: progress(Event("source", "loading", detail=text)),
    )
    progress(Event("source", "ready", time.monotonic() - began))


def _addresses(name: str, place: Place) -> Addresses:
    ports = place.ports
    return Addresses(
        name=name,
        directory=place.directory,
        postgres_dsn=postgres.dsn(place),
        kafka_bootstrap=f"127.0.0.1:{ports['kafka']}",
        connect_url=f"http://127.0.0.1:{ports['connect']}",
        clickhouse_dsn=f"http://{clickhouse_part.USER}:{place.secret('clickhouse')}@127.0.0.1:{ports['clickhouse']}",
        connector_password=place.connector_password,
        connector_password_reference=connect.password_reference(place),
    )


def _check_python() -> None:
    low, high = PYTHON
    if not low <= sys.version_info[:2] < high:
        found = ".".join(map(str, sys.version_info[:2]))
        raise Usage(f"python {found}: expected 3.11, 3.12 or 3.13 for the embedded stack")
    if os.name != "posix":
        raise Usage("the embedded stack runs on Linux and macOS only")


def _not_writable(directory: Path, error: OSError) -> str:
    return f"{directory} cannot be written ({error.strerror}): set TECHHUB_LOCAL_DIRECTORY to a folder that can"
