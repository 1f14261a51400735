"""The mirror: every captured table under its own name, one row a key with the contract's columns.

Flows in: the contract and the columns that exist. Flows out: statements that only ever add, and warnings about what
is no longer in the contract. A column whose type changed raises `MirrorError`: its values would need a rebuild.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from schemas.contract import Contract, Table
from schemas.types import column_types
from sinks.statements import name

LOG_COLUMNS: Final[Mapping[str, str]] = {
    "_topic": "LowCardinality(String)",
    "_partition": "UInt16",
    "_version": "UInt64",
    "_lsn": "UInt64",
    "_committed_at": "DateTime64(6, 'UTC')",
    "_deleted": "UInt8",
}
"""Where in the log a row comes from; the row with the highest `_version` is the present one."""

CODECS: Final[Mapping[str, str]] = dict.fromkeys(("_version", "_lsn", "_committed_at"), " CODEC(Delta, ZSTD(1))")
TYPES: Final = column_types(ZoneInfo("UTC"))

Columns = Mapping[str, str]
"""Column name -> ClickHouse type."""


class MirrorError(ValueError):
    """The mirror cannot follow the contract; one line for each column."""


@dataclass(frozen=True, slots=True)
class MirrorChange:
    """What brings one table to the contract; `action` is what a user reads."""

    table: str
    action: str
    statement: str


def mirror_columns(table: Table) -> dict[str, str]:
    """Columns of the mirror in order: the contract's, then those of the log. Key columns are never NULL."""
    columns = {
        column.name: key_type(TYPES[column.type].clickhouse)
        if column.name in table.key
        else TYPES[column.type].clickhouse
        for column in table.columns
    }
    return {**columns, **LOG_COLUMNS}


def key_type(clickhouse: str) -> str:
    return clickhouse.removeprefix("Nullable(").removesuffix(")") if clickhouse.startswith("Nullable(") else clickhouse


def create_table(table: Table, storage: str) -> str:
    columns = ",\n".join(
        f"    {name(column)} {type_}{CODECS.get(column, '')}" for column, type_ in mirror_columns(table).items()
    )
    key = ", ".join(map(name, table.key))
    return (
        f"CREATE TABLE IF NOT EXISTS {name(table.name)} (\n{columns}\n) "
        f"ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY ({key}) {storage}"
    ).rstrip()


def mirror_changes(contract: Contract, existing: Mapping[str, Columns], storage: str = "") -> list[MirrorChange]:
    """What makes the mirror of `existing` tables follow the contract; raises `MirrorError` for changed types."""
    problems = [
        problem for table in contract.tables.values() for problem in changed_types(table, existing.get(table.name, {}))
    ]
    if problems:
        raise MirrorError("\n".join(problems))
    return [
        change
        for table in contract.tables.values()
        for change in table_changes(table, existing.get(table.name), storage)
    ]


def table_changes(table: Table, existing: Columns | None, storage: str) -> Iterator[MirrorChange]:
    if existing is None:
        yield MirrorChange(table.name, "created", create_table(table, storage))
        return
    missing = {column: type_ for column, type_ in mirror_columns(table).items() if column not in existing}
    if missing:
        additions = ", ".join(f"ADD COLUMN IF NOT EXISTS {name(column)} {type_}" for column, type_ in missing.items())
        action = f"column{'s' * (len(missing) > 1)} {', '.join(missing)} added"
        yield MirrorChange(table.name, action, f"ALTER TABLE {name(table.name)} {additions}")


def changed_types(table: Table, existing: Columns) -> Iterator[str]:
    for column, declared in mirror_columns(table).items():
        found = existing.get(column, declared)
        if found != declared:
            yield (
                f"{table.name}.{column}: is {found} in ClickHouse, {declared} by the contract: "
                "give the column a new name in the contract, or rebuild the table"
            )


def superfluous(contract: Contract, existing: Mapping[str, Columns]) -> list[str]:
    """Columns of mirrors that the contract no longer has: they stay, with the values they have."""
    return [
        f"{table.name}.{column}: is not in the contract any more; it is kept, new rows have no value in it"
        for table in contract.tables.values()
        for column in existing.get(table.name, {})
        if column not in mirror_columns(table)
    ]
