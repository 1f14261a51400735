"""Contract + catalogue -> the SQL that capture needs in the source database, each statement with its reason.

Only what is not there yet comes out, so a second run yields nothing. Pure: `apply` runs what the role of the DSN may
run, `connectors sql` prints all of it for review. No statement holds a password: `PASSWORD` stands for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connectors.catalogue import CAPTURE_SCHEMA, SOURCE_ID, Catalogue, Publication, Role
from schemas.contract import Contract
from schemas.settings import Settings

PASSWORD: Final = "<password of the connector>"  # noqa: S105 a placeholder

CONNECTION_LIMIT: Final = 8
"""The replication connection, Debezium's own, one for a snapshot, and those a killed connector left behind."""

SENDER_TIMEOUT: Final = "wal_sender_timeout=10s"
"""Frees the slot of a connector that froze or whose host is gone after 13 s instead of a minute."""

HEARTBEAT_COLUMNS: Final = ("id", "ts", "seq", "source_id")
SIGNAL_COLUMNS: Final = ("id", "type", "data")
CAPTURE_TABLES: Final = {
    "heartbeat": "id integer primary key, ts timestamptz, seq bigint not null default 0, source_id text",
    "signal": "id varchar(64) primary key, type varchar(32) not null, data text",
}
CAPTURE_PRIVILEGES: Final = {
    **{f"heartbeat.{name}": ("SELECT",) for name in HEARTBEAT_COLUMNS},
    **{f"heartbeat.{name}": ("SELECT", "UPDATE") for name in HEARTBEAT_COLUMNS if name != "id"},
    "signal": ("SELECT", "INSERT"),
}

HEARTBEAT_QUERY: Final = (
    f"update {CAPTURE_SCHEMA}.heartbeat set ts = clock_timestamp(), seq = seq + 1, source_id = {SOURCE_ID} where id = 1"  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Statement:
    """`runnable`: the role of the DSN may run it."""

    text: str
    why: str
    runnable: bool


def statements(
    contract: Contract, settings: Settings, catalogue: Catalogue, *, password_works: bool = True
) -> list[Statement]:
    """What is missing, in the order in which it must run; `contract` is the part of it that the database has.

    `password_works` is False when the connector's role cannot log in with the configured password.
    """
    return [
        *_role(settings, catalogue, password_works),
        *_capture_schema(settings, catalogue),
        *_grants(contract, settings, catalogue),
        *_publication(contract, settings, catalogue),
    ]


def quoted(name: str) -> str:
    """An identifier; doubled quotes keep any name inside it."""
    return '"' + name.replace('"', '""') + '"'


def _qualified(schema: str, table: str) -> str:
    return f"{quoted(schema)}.{quoted(table)}"


def _role(settings: Settings, catalogue: Catalogue, password_works: bool) -> Iterator[Statement]:
    name, role, rights = quoted(settings.connector_user), catalogue.role, catalogue.rights
    may_alter = rights.superuser or (rights.create_role if role is None else rights.create_role and role.administered)
    if role is None:
        text = f"create role {name} login replication connection limit {CONNECTION_LIMIT} password '{PASSWORD}'"
        yield Statement(text, "the least-privilege role that debezium logs in as", rights.create_role)
    else:
        yield from _role_attributes(name, role, may_alter)
        if not password_works:
            yield Statement(
                f"alter role {name} password '{PASSWORD}'", "the role refuses the configured password", may_alter
            )
    if role is None or SENDER_TIMEOUT not in role.config:
        setting, _, value = SENDER_TIMEOUT.partition("=")
        text = f"alter role {name} set {setting} = '{value}'"
        yield Statement(text, "frees the slot of a frozen connector in 13 s", may_alter)


def _role_attributes(name: str, role: Role, may_alter: bool) -> Iterator[Statement]:
    if not role.replication:
        yield Statement(f"alter role {name} replication", "reads the write-ahead log", may_alter)
    if role.superuser:
        yield Statement(f"alter role {name} nosuperuser", "a superuser reads every column", False)
    if role.connection_limit != CONNECTION_LIMIT:
        text = f"alter role {name} connection limit {CONNECTION_LIMIT}"
        yield Statement(text, "a connector in trouble must not use up the connections of the application", may_alter)


def _capture_schema(settings: Settings, catalogue: Catalogue) -> Iterator[Statement]:
    owned, role = catalogue.schema_owned, quoted(settings.connector_user)
    may = catalogue.rights.superuser or (catalogue.rights.create_on_database if owned is None else owned)
    if owned is None:
        yield Statement(
            f"create schema {CAPTURE_SCHEMA}", "heartbeat and signal tables, apart from the application's", may
        )
    for name, columns in CAPTURE_TABLES.items():
        if catalogue.table(CAPTURE_SCHEMA, name) is None:
            yield Statement(f"create table {CAPTURE_SCHEMA}.{name} ({columns})", f"the {name} table", may)
    if not catalogue.heartbeat_row:
        text = f"insert into {CAPTURE_SCHEMA}.heartbeat (id) values (1) on conflict do nothing"  # noqa: S608
        yield Statement(text, "the one row that heartbeats update", may)
    if not catalogue.schema_usable:
        yield Statement(f"grant usage on schema {CAPTURE_SCHEMA} to {role}", "reaches both tables", may)
    for table in CAPTURE_TABLES:
        yield from _capture_grants(table, role, catalogue, may)


def _capture_grants(table: str, role: str, catalogue: Catalogue, may: bool) -> Iterator[Statement]:
    """One statement a table: `grant select (id, ts), update (ts) on ...` or `grant select, insert on ...`."""
    missing: dict[str, list[str]] = {}
    for target, privileges in CAPTURE_PRIVILEGES.items():
        name, _, column = target.partition(".")
        for privilege in privileges if name == table else ():
            if privilege not in catalogue.privileges.get(target, ()):
                missing.setdefault(privilege.lower(), []).extend([column] if column else [])
    if missing:
        held = ", ".join(
            f"{privilege} ({', '.join(columns)})" if columns else privilege for privilege, columns in missing.items()
        )
        yield Statement(f"grant {held} on {CAPTURE_SCHEMA}.{table} to {role}", f"uses the {table} table", may)


def _grants(contract: Contract, settings: Settings, catalogue: Catalogue) -> Iterator[Statement]:
    """Column by column, exactly the contract's; what was granted before and is not in it is taken back."""
    role = quoted(settings.connector_user)
    for source in catalogue.tables.values():
        if source.schema != contract.schema_name:
            continue
        table = contract.tables.get(source.name)
        wanted = table.sources if table else ()
        held = tuple(column.name for column in source.columns.values() if column.readable)
        name, may = _qualified(source.schema, source.name), source.owned or catalogue.rights.superuser
        if source.readable:
            # takes back the grants on single columns, too: they are given again below
            revoke = f"revoke select on {name} from {role}"  # noqa: S608 quoted names
            yield Statement(revoke, "the whole table is readable, expected listed columns", may)
            held = ()
        surplus = ", ".join(quoted(column) for column in held if column not in wanted)
        if surplus:
            yield Statement(f"revoke select ({surplus}) on {name} from {role}", "not in the contract", may)  # noqa: S608 quoted names
        missing = ", ".join(quoted(column) for column in wanted if column not in held)
        if missing:
            yield Statement(
                f"grant select ({missing}) on {name} to {role}", "the contract's columns, and no other", may
            )


def published(contract: Contract) -> tuple[str, ...]:
    """Tables of the publication as `schema.table`: the contract's and our own two."""
    captured = (f"{contract.schema_name}.{name}" for name in contract.tables)
    return (*captured, *(f"{CAPTURE_SCHEMA}.{name}" for name in CAPTURE_TABLES))


def _publication(contract: Contract, settings: Settings, catalogue: Catalogue) -> Iterator[Statement]:
    name, wanted, publication = quoted(settings.publication), published(contract), catalogue.publication
    if publication is None:
        may = _may_publish(wanted, catalogue) and (catalogue.rights.superuser or catalogue.rights.create_on_database)
        text = f"create publication {name} for table {_listed(wanted)}"
        yield Statement(
            text, "what the log sends: whole tables, so that no migration fails because of a column list", may
        )
        return
    yield from _changed_publication(name, wanted, publication, catalogue)


def _changed_publication(
    name: str, wanted: tuple[str, ...], publication: Publication, catalogue: Catalogue
) -> Iterator[Statement]:
    may = publication.owned or catalogue.rights.superuser
    if not publication.complete:
        text = f"alter publication {name} set (publish = 'insert, update, delete, truncate')"
        yield Statement(text, "every kind of change is captured", may)
    added = tuple(table for table in wanted if table not in publication.tables)
    surplus = tuple(sorted(table for table in publication.tables if table not in wanted))
    if added:
        text = f"alter publication {name} add table {_listed(added)}"
        yield Statement(text, "new in the contract", may and _may_publish(added, catalogue))
    if surplus:
        yield Statement(f"alter publication {name} drop table {_listed(surplus)}", "not in the contract", may)


def _may_publish(tables: tuple[str, ...], catalogue: Catalogue) -> bool:
    """A table that is not there yet is one of ours, which the same role is about to make."""
    found = (catalogue.tables.get(table) for table in tables)
    return catalogue.rights.superuser or all(table is None or table.owned for table in found)


def _listed(tables: tuple[str, ...]) -> str:
    return ", ".join(_qualified(*table.split(".", 1)) for table in tables)
