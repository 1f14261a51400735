"""The contract against the real database: what is missing, retyped, renamed, or not in the contract.

Flows in: contract, catalogue, and the columns a running connector captures. Flows out: findings, worst first in meaning
(`error` must be mended before capture may start, `warning` is a part that is left out, `note` is for information), and
the contract without the optional parts that the database lacks. Pure.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from connectors.catalogue import Catalogue, SourceColumn, SourceTable
from schemas.contract import PERSONAL, Column, Contract, Table
from schemas.types import DOCUMENTS, column_types

TYPES: Final = column_types(ZoneInfo("UTC"))
PREFERRED: Final = (
    "int16", "int32", "int64", "float64", "decimal", "bool", "uuid", "timestamptz", "timestamp", "date", "string",
)  # fmt: skip
"""Contract types in the order in which one is proposed for a column; for a document nobody can guess what is wanted."""

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`proposal` is a line for the contract, or empty."""

    level: Level
    kind: str
    table: str
    column: str
    text: str
    proposal: str = ""

    @property
    def place(self) -> str:
        return f"{self.table}.{self.column}".rstrip(".")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`contract` is what can be captured: the given one without optional tables and columns that do not fit."""

    contract: Contract
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "error")


def compare(contract: Contract, catalogue: Catalogue, captured: Collection[str] = ()) -> Comparison:
    """`captured`: `schema.table.column` of the running connector's configuration."""
    findings: list[Finding] = [*_source(catalogue)]
    kept: dict[str, Table] = {}
    for table in contract.tables.values():
        source = catalogue.table(contract.schema_name, table.name)
        unfit = tuple(_unfit(table, source))
        findings += unfit
        if unfit or source is None:
            continue
        results = [(column, _column(table, column, source, captured)) for column in table.columns]
        findings += (finding for _, finding in results if finding)
        findings += _extra(table, source)
        columns = tuple(column for column, finding in results if not finding or finding.level == "note")
        kept[table.name] = table.model_copy(update={"columns": columns})
    return Comparison(contract.model_copy(update={"tables": kept}), tuple(findings))


def _source(catalogue: Catalogue) -> Iterator[Finding]:
    """What is off with the source as a whole, before any table."""
    publication, slot = catalogue.publication, catalogue.slot
    if catalogue.wal_level != "logical":
        text = (
            f"wal_level is {catalogue.wal_level}; set `wal_level = logical` in postgresql.conf and restart postgresql"
        )
        yield Finding("error", "wal_level", "postgresql", "", text)
    if publication is not None and publication.all_tables:
        text = "is FOR ALL TABLES: updates of tables without a primary key fail in the application; drop it"
        yield Finding("error", "all_tables", "publication", "", text)
    for table in sorted(publication.filtered if publication else ()):
        text = f"has a row filter on {table}, expected every row; drop the table from it, and apply again"
        yield Finding("error", "row_filter", "publication", "", text)
    if slot is not None and slot.plugin != "pgoutput":
        text = f"{slot.name} is read by {slot.plugin}, expected pgoutput; name another one in TECHHUB_SLOT_NAME"
        yield Finding("error", "plugin", "slot", "", text)


def _unfit(table: Table, source: SourceTable | None) -> Iterator[Finding]:
    """Why the whole table cannot be captured."""
    level: Level = "warning" if table.optional else "error"
    if source is None:
        remedy = "is left out" if table.optional else "take it out of the contract, or mark it `optional: true`"
        yield Finding(level, "table_missing", table.name, "", f"is not in the database; {remedy}")
        return
    if source.kind == "p":
        yield Finding(level, "partitioned", table.name, "", "is a partitioned table, expected a plain one")
    if not source.key:
        text = (
            "has no primary key: published, every update of it would fail in the application; add one, or take it out"
        )
        yield Finding(level, "no_primary_key", table.name, "", text)
    elif source.key != table.key:
        text = f"has the primary key ({', '.join(source.key)}), the contract says ({', '.join(table.key)})"
        yield Finding(level, "other_key", table.name, "", text, f"key: [{', '.join(source.key)}]")
    elif source.identity not in "df":
        text = "has a replica identity other than default or full; run `alter table ... replica identity default`"
        yield Finding(level, "replica_identity", table.name, "", text)


def _column(table: Table, column: Column, source: SourceTable, captured: Collection[str]) -> Finding | None:
    found = source.columns.get(column.source)
    level: Level = "warning" if column.optional else "error"
    name = column.source
    if found is None:
        remedy = "is left out" if column.optional else "correct the contract, or mark it `optional: true`"
        was = next((c for c in source.columns.values() if c.readable and c.name not in table.sources), None)
        renamed = f" (it seems to be called {was.name} now: attribute {was.attnum} holds its grant)" if was else ""
        proposal = f"{column.name}: {{type: {column.type}, from: {was.name}}}" if was else ""
        return Finding(
            level, "column_missing", table.name, name, f"is not in the database{renamed}; {remedy}", proposal
        )
    expected = DOCUMENTS if column.path else TYPES[column.type].postgres
    if found.type not in expected:
        text = f"is {found.type} in the database, {column.type} expects {' or '.join(sorted(expected))}"
        return Finding(level, "retyped", table.name, name, text, propose(found))
    if f"{source.qualified}.{name}" in captured and not found.readable and not source.readable:
        return Finding("error", "renamed", table.name, name, _renamed_text(found))
    return None


def _renamed_text(found: SourceColumn) -> str:
    return (
        f"is captured, but attribute {found.attnum} never was granted to the connector's role: another column was "
        "renamed to this name, or it was dropped and made anew. Its values reach kafka now: look at it, and if it is "
        "meant, grant select on it by hand and apply again"
    )


def _extra(table: Table, source: SourceTable) -> Iterator[Finding]:
    for column in source.columns.values():
        if column.name in table.sources:
            continue
        if PERSONAL.search(column.name) and not column.name.endswith("_id"):
            text, proposal = "is not captured; its name suggests personal data or free text", ""
        else:
            text, proposal = f"is not captured ({column.type})", propose(column)
        yield Finding("note", "extra", table.name, column.name, text, proposal)


def propose(column: SourceColumn) -> str:
    """The contract's line for a column of the database; empty when no type of the contract holds it."""
    if column.name == "status" and column.type in TYPES["status"].postgres:
        return "status: status"
    name = next((name for name in PREFERRED if column.type in TYPES[name].postgres), None)
    return f"{column.name}: {name}" if name else ""
