"""PostgreSQL: settings, role, grants, publication, columns and slot, beside what the contract needs."""

from typing import Any, Final

import psycopg

from connectors import catalogue
from connectors.apply import captured, pending_sql
from connectors.check import compare
from connectors.health import megabytes, scarce
from ops.doctor import zones
from ops.doctor.line import Level, Line, Lines, judged
from schemas.contract import Contract
from schemas.settings import Settings

PART: Final = "postgresql"
OLDEST: Final = 180000
"""Everybody may execute the functions that tell a restored source from PostgreSQL 18 on."""


def lines(settings: Settings, contract: Contract, running: dict[str, str] | None) -> Lines:
    with catalogue.connect(settings) as connection:
        yield from server(connection)
        yield encrypted(connection)
        source = catalogue.read(connection, contract, settings)
        yield from columns(contract, source, running)
        yield from privileges(settings, contract, connection)
        yield from slot(source.slot, running is not None)
        row = connection.execute(zones.POSTGRES, {"zone": settings.timezone, "instants": zones.seconds()}).fetchall()
        yield zones.agrees(PART, settings.timezone, [offset for (offset,) in row])


def shown(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def server(connection: psycopg.Connection[Any]) -> Lines:
    version = connection.info.server_version
    yield judged(
        PART, "version", version >= OLDEST, f"{version // 10000}.{version % 10000}", "18 or newer",
        "tested with 18; older ones may hide from a plain role which source it is", "warning",
    )  # fmt: skip
    level = shown(connection, "wal_level")
    yield judged(
        PART, "wal_level", level == "logical", level, "logical", "set it in postgresql.conf and restart postgresql"
    )
    limit = shown(connection, "max_slot_wal_keep_size")
    yield judged(
        PART, "max_slot_wal_keep_size", limit != "-1", "no limit" if limit == "-1" else limit, "a limit, such as 20GB",
        "a slot that nobody reads would fill the disk of the source: set it in postgresql.conf and reload", "warning",
    )  # fmt: skip
    for what, used in (("max_replication_slots", "pg_replication_slots"), ("max_wal_senders", "pg_stat_replication")):
        row = connection.execute(f"select count(*) from {used}".encode()).fetchone()  # noqa: S608 names of ours
        free, limit = int(shown(connection, what)) - (row[0] if row else 0), shown(connection, what)
        yield judged(
            PART,
            what,
            free > 0,
            f"{free} of {limit} free",
            "one free",
            f"raise {what} and restart postgresql",
            "warning",
        )


def encrypted(connection: psycopg.Connection[Any]) -> Line:
    row = connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone()
    local = connection.info.host in ("", "localhost", "127.0.0.1", "::1") or connection.info.host.startswith("/")
    return judged(
        PART, "TLS", bool(row and row[0]) or local, "on" if row and row[0] else "off", "on, or a local connection",
        "add sslmode=verify-full to TECHHUB_POSTGRES_DSN", "warning",
    )  # fmt: skip


def columns(contract: Contract, source: catalogue.Catalogue, running: dict[str, str] | None) -> Lines:
    comparison = compare(contract, source, captured(running))
    wrong = [finding for finding in comparison.findings if finding.level != "note"]
    for finding in wrong:
        level: Level = "wrong" if finding.level == "error" else "warning"
        yield judged(PART, finding.place, False, finding.text, "as the contract", "techhub-cdc connectors check", level)
    if not comparison.errors:
        tables = comparison.contract.tables
        count = sum(len(table.columns) for table in tables.values())
        yield Line(PART, "contract", "ok", f"{len(tables)} tables, {count} columns", "no renamed or retyped column")


def privileges(settings: Settings, contract: Contract, connection: psycopg.Connection[Any]) -> Lines:
    """Role, grants and publication exactly as the contract: whatever differs is a statement that is still to be run."""
    pending = pending_sql(settings, contract, connection)
    for statement in pending:
        yield Line(
            PART, "role, grants, publication", "wrong", f"missing: {statement.text}", "exactly the contract's",
            "techhub-cdc connectors apply" if statement.runnable else "have `techhub-cdc connectors sql` run",
        )  # fmt: skip
    if not pending:
        yield Line(PART, "role, grants, publication", "ok", "exactly the contract's", "exactly the contract's")


def slot(found: catalogue.Slot | None, wanted: bool) -> Lines:
    if found is None:
        if wanted:
            yield Line(PART, "replication slot", "wrong", "none", "one", "techhub-cdc connectors status")
        return
    keeps = f"{found.wal_status}, keeps {megabytes(found.retained)} of WAL"
    fine = found.wal_status != "lost" and not found.invalidation_reason and not scarce(found)
    yield judged(
        PART, "replication slot", fine, keeps, "not lost, and far from its limit", "techhub-cdc connectors status"
    )
    if not wanted:
        yield Line(
            PART, "replication slot", "warning", "there is a slot and no connector", "both or none",
            "it keeps WAL on the source's disk: techhub-cdc connectors apply, or connectors delete --yes",
        )  # fmt: skip
