"""A catalogue that fits the contract, made without a database, for the pure parts; a stack for the others."""

from dataclasses import replace

import pytest

from connectors.catalogue import Catalogue, Publication, Rights, Role, SourceColumn, SourceTable
from connectors.check import TYPES
from connectors.postgres import (
    CAPTURE_PRIVILEGES,
    CONNECTION_LIMIT,
    HEARTBEAT_COLUMNS,
    SENDER_TIMEOUT,
    SIGNAL_COLUMNS,
    published,
)
from schemas.contract import Contract, Table, load_contract
from schemas.settings import Settings, load
from tests.standing import stack

__all__ = ["stack"]


@pytest.fixture
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def settings() -> Settings:
    return load(
        postgres_dsn="postgresql://owner:owner-secret@db.example:6432/techhub",
        kafka_bootstrap="kafka.example:9092",
        connect_url="http://connect.example:8083",
        connector_password="sentinel-password",
        connector_password_reference="${file:/run/secrets/connector.properties:password}",
    )


@pytest.fixture
def empty(contract: Contract) -> Catalogue:
    """The application's tables, and nothing of ours."""
    tables = (source_table(table, readable=False) for table in contract.tables.values())
    return Catalogue(
        rights=Rights("techhub", superuser=False, create_role=True, create_on_database=True),
        role=None,
        schema_owned=None,
        schema_usable=False,
        heartbeat_row=False,
        publication=None,
        slot=None,
        source_id="1/1",
        wal_level="logical",
        tables={table.qualified: table for table in tables},
    )


@pytest.fixture
def complete(contract: Contract, empty: Catalogue) -> Catalogue:
    """Everything as `apply` leaves it."""
    tables = [source_table(table, readable=True) for table in contract.tables.values()]
    ours = {"heartbeat": HEARTBEAT_COLUMNS, "signal": SIGNAL_COLUMNS}
    for name, columns in ours.items():
        known = {each: SourceColumn(each, "text", at, True, True) for at, each in enumerate(columns, start=1)}
        tables.append(SourceTable("cdc", name, "r", "d", ("id",), True, False, known))
    return replace(
        empty,
        role=Role(True, False, CONNECTION_LIMIT, (SENDER_TIMEOUT,), True),
        schema_owned=True,
        schema_usable=True,
        heartbeat_row=True,
        publication=Publication(False, True, True, frozenset(published(contract)), frozenset()),
        tables={table.qualified: table for table in tables},
        privileges={target: frozenset(held) for target, held in CAPTURE_PRIVILEGES.items()},
    )


def source_table(table: Table, *, readable: bool) -> SourceTable:
    columns: dict[str, SourceColumn] = {}
    for column in table.columns:
        kind = "jsonb" if column.path else min(TYPES[column.type].postgres)
        columns[column.source] = SourceColumn(column.source, kind, len(columns) + 1, True, readable)
    return SourceTable("public", table.name, "r", "d", table.key, True, False, columns)


def with_column(catalogue: Catalogue, table: str, column: SourceColumn, *, instead_of: str = "") -> Catalogue:
    source = catalogue.tables[f"public.{table}"]
    columns = {name: known for name, known in source.columns.items() if name != instead_of}
    changed = replace(source, columns={**columns, column.name: column})
    return replace(catalogue, tables={**catalogue.tables, changed.qualified: changed})
