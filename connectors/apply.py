"""Settings + contract -> capture that runs: role, grants, publication, topics, connector, proved by a heartbeat.

Tables that join a running capture are read once, beside the stream. Idempotent: what is there already is left alone,
and a second run changes nothing. Nothing is started over a slot from which changes were lost (`CaptureLost`), nor over
a contract that the database does not hold (`Refused`).
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from connectors import catalogue, debezium, signals, topics
from connectors.capture import Capture, ConnectorChange, Progress
from connectors.catalogue import Catalogue
from connectors.check import Comparison, Finding, compare
from connectors.errors import Refused
from connectors.heartbeat import heartbeats
from connectors.postgres import PASSWORD, Statement, statements
from connectors.rest import Connect
from schemas.contract import Contract
from schemas.settings import Settings

DEADLINE_SECONDS: Final = 300.0


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
    read: tuple[str, ...] = ()
    """Tables that the connector was asked to read whole: they have joined a capture that runs."""
    widened: tuple[str, ...] = ()
    """`table.column` that has joined a captured table: rows that do not change lack it until a backfill."""

    @property
    def changed(self) -> bool:
        return bool(self.ran or self.topics or self.changes or self.read or self.connector == "created")


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
            seconds = time.monotonic() - start
        read = () if running is None else _unread(comparison.contract, settings, connection, captured(running))
        for name in read:
            progress(f"table {name}: the connector is asked to read every row")
            signals.read_again(settings, comparison.contract, comparison.contract.tables[name])
        widened = tuple(widening(comparison.contract, captured(running))) if running else ()
        return Applied(ran, (), made, change, changes, left_out, warnings, seconds, read, widened)


def _unread(
    contract: Contract, settings: Settings, connection: psycopg.Connection[Any], captured: frozenset[str]
) -> tuple[str, ...]:
    """Tables that the connector did not capture before; and those of which nothing ever came though they have rows,
    where an earlier run ended between the two.
    """
    topics_of = {name: contract.topic(settings.topic_prefix, name) for name in contract.tables}
    written = {topic for (topic, _), end in topics.ends(settings, topics_of.values()).items() if end}
    known = {column.rpartition(".")[0] for column in captured}
    return tuple(
        name
        for name, topic in topics_of.items()
        if f"{contract.schema_name}.{name}" not in known
        or (topic not in written and _has_rows(connection, contract.schema_name, name))
    )


def _has_rows(connection: psycopg.Connection[Any], schema: str, table: str) -> bool:
    """False as well where the DSN's role may not look."""
    ask = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(schema, table))
    try:
        return connection.execute(ask).fetchone() == (True,)
    except psycopg.errors.InsufficientPrivilege:
        return False


def widening(contract: Contract, captured: frozenset[str]) -> Iterator[str]:
    """Columns that join tables of which others were captured before."""
    known = {column.rpartition(".")[0] for column in captured}
    for column in debezium.captured_columns(contract):
        table = column.rpartition(".")[0]
        if table in known and column not in captured:
            yield column.partition(".")[2]


def checked(contract: Contract, source: Catalogue, running: dict[str, str] | None) -> Comparison:
    """The comparison of contract and database; `Refused` when something required does not fit."""
    comparison = compare(contract, source, captured(running))
    if comparison.errors:
        lines = (f"{finding.place}: {finding.text}" for finding in comparison.errors)
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


def _report(progress: Progress, what: str, names: Iterable[str]) -> None:
    for name in names:
        progress(f"{what} {name}: made")
