"""Settings + contract -> capture that runs: role, grants, publication, topics, connector, proved by a heartbeat.

Idempotent: what is there already is left alone, and a second run changes nothing. Nothing is started over a slot from
which changes were lost (`CaptureLost`), nor over a contract that the database does not hold (`Refused`).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from connectors import catalogue, debezium, guard, topics
from connectors.catalogue import Catalogue
from connectors.check import Comparison, Finding, compare
from connectors.errors import CaptureLost, DeadlinePassed, Refused
from connectors.heartbeat import Heartbeats, heartbeats
from connectors.postgres import PASSWORD, Statement, statements
from connectors.rest import Connect, wait_until
from schemas.contract import Contract
from schemas.settings import Settings

Progress = Callable[[str], None]
ConnectorChange = Literal["created", "changed", "unchanged", "waiting"]

DEADLINE_SECONDS: Final = 300.0
RESTART_AFTER_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `pending` needs another role than the DSN's: until it has run, the connector is `waiting`."""

    ran: tuple[Statement, ...]
    pending: tuple[Statement, ...]
    topics: tuple[str, ...]
    connector: ConnectorChange
    changes: tuple[debezium.Change, ...]
    left_out: tuple[Finding, ...]
    warnings: tuple[str, ...]
    heartbeat_seconds: float | None

    @property
    def changed(self) -> bool:
        return bool(self.ran or self.topics or self.changes or self.connector == "created")


def apply(
    settings: Settings, contract: Contract, progress: Progress, *, deadline_seconds: float = DEADLINE_SECONDS
) -> Applied:
    """Brings capture to what contract and settings say, and waits until a heartbeat has come through Kafka."""
    assert settings.connect_url is not None
    with catalogue.connect(settings) as connection, Connect(settings.connect_url, settings.connector_name) as connect:
        running = connect.config()
        source = catalogue.read(connection, contract, settings)
        comparison = checked(contract, source, running)
        ran, pending = _run_statements(connection, comparison.contract, settings, source, progress)
        made = topics.ensure(settings, topics.declared(contract, settings))
        _report(progress, "topic", made)
        left_out = tuple(finding for finding in comparison.findings if finding.level == "warning")
        warnings = tuple(debezium.warnings(settings))
        if pending:
            return Applied(ran, pending, made, "waiting", (), left_out, warnings, None)
        with heartbeats(settings) as beats:
            start = time.monotonic()
            capture = Capture(
                settings, comparison.contract, connection, connect, beats, start + deadline_seconds, progress
            )
            change, changes = capture.ensure(running)
            return Applied(ran, (), made, change, changes, left_out, warnings, time.monotonic() - start)


def checked(contract: Contract, source: Catalogue, running: dict[str, str] | None) -> Comparison:
    """The comparison of contract and database; `Refused` when something required does not fit."""
    comparison = compare(contract, source, captured(running))
    if comparison.errors:
        lines = (f"{f.table}{'.' if f.column else ''}{f.column}: {f.text}" for f in comparison.errors)
        raise Refused("\n".join(lines))
    return comparison


def captured(config: dict[str, str] | None) -> frozenset[str]:
    """`schema.table.column` of all that a connector with this configuration captures."""
    return frozenset((config or {}).get("column.include.list", "").split(",")) - {""}


def pending_sql(settings: Settings, contract: Contract, connection: psycopg.Connection[Any]) -> tuple[Statement, ...]:
    """Every statement that is still to be run, runnable or not; nothing is changed."""
    source = catalogue.read(connection, contract, settings)
    captured_part = compare(contract, source).contract
    return tuple(statements(captured_part, settings, source, password_works=_password_works(settings, source)))


def _run_statements(
    connection: psycopg.Connection[Any], contract: Contract, settings: Settings, source: Catalogue, progress: Progress
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """One transaction: a table is never readable as a whole, nor unreadable, in between."""
    needed = statements(contract, settings, source, password_works=_password_works(settings, source))
    ran = tuple(statement for statement in needed if statement.runnable)
    pending = tuple(statement for statement in needed if not statement.runnable)
    with connection.transaction():
        for statement in ran:
            progress(f"postgresql: {statement.text}")
            try:
                connection.execute(_with_password(statement.text, settings, connection))
            except psycopg.Error as error:
                reason = str(error).strip().splitlines()[0]
                raise Refused(f"postgresql refused `{statement.text}`: {reason}; nothing was changed") from None
    return ran, pending


def _with_password(text: str, settings: Settings, connection: psycopg.Connection[Any]) -> bytes:
    """The verifier instead of the password: neither reaches the server's log in clear."""
    if PASSWORD not in text:
        return text.encode()
    if settings.connector_password is None:
        raise Refused("TECHHUB_CONNECTOR_PASSWORD: missing, expected the password of the connector's role")
    password = settings.connector_password.get_secret_value().encode()
    verifier = connection.pgconn.encrypt_password(password, settings.connector_user.encode(), b"scram-sha-256")
    return text.replace(f"'{PASSWORD}'", sql.Literal(verifier.decode()).as_string(connection)).encode()


def _password_works(settings: Settings, source: Catalogue) -> bool:
    """False only if PostgreSQL says that the password is wrong; anything else shows when no heartbeat comes."""
    if source.role is None or settings.connector_password is None:
        return True
    assert settings.postgres_dsn is not None
    dsn = settings.postgres_dsn.get_secret_value()
    password = settings.connector_password.get_secret_value()
    try:
        psycopg.connect(make_conninfo(dsn, user=settings.connector_user, password=password), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        return "password authentication failed" not in str(error)
    return True


@dataclass(frozen=True, slots=True)
class Capture:
    """Brings the connector to its configuration and waits for the proof."""

    settings: Settings
    contract: Contract
    connection: psycopg.Connection[Any]
    connect: Connect
    beats: Heartbeats
    deadline: float
    progress: Progress

    def ensure(self, running: dict[str, str] | None) -> tuple[ConnectorChange, tuple[debezium.Change, ...]]:
        if running is None:
            # stopped, so that the offsets of an earlier connector of this name are seen before anything starts
            self.connect.create_stopped(self._wanted("initial"))
            self.progress(f"connector {self.connect.name}: created")
        offset = self._guarded_offset()
        fresh = offset is None or offset.snapshot
        changes = self._reconfigure(running or {}, "initial" if fresh else "no_data")
        self._start()
        self._wait_for_heartbeat()
        if fresh:
            # from now on a lost slot must stop the connector, never be answered with another snapshot
            changes = self._after_snapshot(running, changes)
        return ("created" if running is None else "changed" if changes else "unchanged"), changes

    def _wanted(self, mode: debezium.SnapshotMode) -> dict[str, str]:
        return debezium.configuration(self.contract, self.settings, mode)

    def _guarded_offset(self) -> guard.StoredOffset | None:
        """Slot first, offset second: see `guard`."""
        slot = catalogue.read_slot(self.connection, self.settings.slot_name)
        offset = guard.stored_offset(self.connect.offsets())
        reason = guard.lost(slot, offset)
        if reason:
            raise CaptureLost(
                f"capture lost changes: {reason}; the captured tables need a resync. The connector was not started. "
                "Run `techhub-cdc connectors delete --yes`, then `techhub-cdc connectors apply` and "
                "`techhub-cdc reconcile --repair`"
            )
        return offset

    def _reconfigure(self, running: dict[str, str], mode: debezium.SnapshotMode) -> tuple[debezium.Change, ...]:
        wanted = self._wanted(mode)
        changes = debezium.differences(running, wanted)
        if changes:
            before = self._slot_user()
            self.connect.put_config(wanted)
            for change in changes if running else ():
                self.progress(f"connector {self.connect.name}: {change.name}: {change.before} -> {change.after}")
            if before is not None:
                # a heartbeat of the task that is being replaced proves nothing
                wait_until(lambda: self._slot_user() != before, "the connector's restart", self._left())
                self.beats.skip_to_end()
        return changes

    def _after_snapshot(
        self, running: dict[str, str] | None, changes: tuple[debezium.Change, ...]
    ) -> tuple[debezium.Change, ...]:
        wait_until(self._streaming, "the first stored offset of the stream", self._left())
        self._reconfigure(self.connect.config() or {}, "no_data")
        self._wait_for_heartbeat()
        return debezium.differences(running, self._wanted("no_data")) if running else changes

    def _streaming(self) -> bool:
        offset = guard.stored_offset(self.connect.offsets())
        return offset is not None and not offset.snapshot

    def _start(self) -> None:
        status = self.connect.status()
        if status and status.state in ("STOPPED", "PAUSED"):
            self.connect.resume()
        elif status and status.failed:
            self.connect.restart()

    def _slot_user(self) -> int | None:
        slot = catalogue.read_slot(self.connection, self.settings.slot_name)
        return slot.active_pid if slot else None

    def _left(self) -> float:
        return max(1.0, self.deadline - time.monotonic())

    def _wait_for_heartbeat(self) -> None:
        self.progress("waiting for a heartbeat to come through kafka")
        while (heartbeat := self.beats.next(0.5)) is None:
            status = self.connect.status()
            if status and status.failed:
                raise Refused(f"connector {self.connect.name} failed: {status.reason}")
            if time.monotonic() > self.deadline:
                raise DeadlinePassed(f"no heartbeat came through kafka in time: {self._seen()}")
        self.progress(f"heartbeat {heartbeat.seq} of {heartbeat.committed_at:%H:%M:%S} came through kafka")

    def _seen(self) -> str:
        """What a user needs to find the reason."""
        status = self.connect.status()
        slot = catalogue.read_slot(self.connection, self.settings.slot_name)
        tasks = f"connector {status.state}, tasks {', '.join(status.tasks) or 'none'}" if status else "no connector"
        used = "no replication slot" if slot is None else f"slot {'active' if slot.active_pid else 'not in use'}"
        return f"{tasks}; {used}; see `techhub-cdc connectors status`, and the log of kafka connect"


def _report(progress: Progress, what: str, names: Iterable[str]) -> None:
    for name in names:
        progress(f"{what} {name}: made")
