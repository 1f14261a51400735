"""Takes capture away: connector, its offsets, slot and publication. An orphaned slot would fill the source's disk.

Role, schema `cdc` and topics stay: they cost nothing, and the topics hold what was captured. Safe to repeat.
"""

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from connectors import catalogue
from connectors.capture import Progress
from connectors.errors import Refused
from connectors.rest import Connect, wait_until
from schemas.settings import Settings

STOP_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was there and is gone now."""

    connector: bool
    slot: bool
    publication: bool


def delete(settings: Settings, progress: Progress) -> Deleted:
    assert settings.connect_url is not None
    with Connect(settings.connect_url, settings.connector_name) as connect, catalogue.connect(settings) as connection:
        connector = _delete_connector(connect, progress)
        slot = _drop_slot(connection, settings, progress)
        publication = _drop_publication(connection, settings, progress)
    return Deleted(connector, slot, publication)


def _delete_connector(connect: Connect, progress: Progress) -> bool:
    """Offsets outlive their connector, and would make the next one skip its snapshot: they go first."""
    if connect.config() is None:
        return False
    progress(f"connector {connect.name}: stopping")
    connect.stop()
    connect.wait(lambda s: s is None or (s.state == "STOPPED" and not s.tasks), "stopped", STOP_SECONDS)
    connect.delete_offsets()
    connect.delete()
    progress(f"connector {connect.name}: deleted, with its offsets")
    return True


def _drop_slot(connection: psycopg.Connection[Any], settings: Settings, progress: Progress) -> bool:
    name = settings.slot_name

    def unused() -> bool:
        slot = catalogue.read_slot(connection, name)
        return slot is None or slot.active_pid is None

    wait_until(unused, f"replication slot {name}: given up by its reader", STOP_SECONDS)
    if catalogue.read_slot(connection, name) is None:
        return False
    try:
        connection.execute("select pg_drop_replication_slot(%s)", (name,))
    except psycopg.errors.InsufficientPrivilege:
        _drop_slot_as_connector(settings)
    progress(f"replication slot {name}: dropped")
    return True


def _drop_slot_as_connector(settings: Settings) -> None:
    """The DSN's role may lack REPLICATION; the connector's has it."""
    assert settings.postgres_dsn is not None
    if settings.connector_password is None:
        raise Refused(
            f"replication slot {settings.slot_name}: the role of TECHHUB_POSTGRES_DSN may not drop it; set "
            "TECHHUB_CONNECTOR_PASSWORD, or run `select pg_drop_replication_slot(...)` as a role with REPLICATION"
        )
    password = settings.connector_password.get_secret_value()
    conninfo = make_conninfo(settings.postgres_dsn.get_secret_value(), user=settings.connector_user, password=password)
    with psycopg.connect(conninfo, autocommit=True, connect_timeout=10) as connection:
        connection.execute("select pg_drop_replication_slot(%s)", (settings.slot_name,))


def _drop_publication(connection: psycopg.Connection[Any], settings: Settings, progress: Progress) -> bool:
    name = settings.publication
    if connection.execute("select from pg_publication where pubname = %s", (name,)).fetchone() is None:
        return False
    try:
        connection.execute(sql.SQL("drop publication {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise Refused(
            f"publication {name}: belongs to another role; run `drop publication {name}` as its owner"
        ) from None
    progress(f"publication {name}: dropped")
    return True
