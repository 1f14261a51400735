"""Lifecycles: which statuses an entity goes through, which transitions are legal, what its entity row keeps.

Flows in: `schemas/lifecycles.yaml`. Flows out: frozen models that the fold, the views and the checks share.
"""

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from schemas.contract import Contract, ContractError, Strict, read_yaml

DEFAULT_LIFECYCLES = Path(__file__).with_name("lifecycles.yaml")
REMOVED = "removed"
"""The status of an entity whose row is gone."""
UNKNOWN = "?"
"""In `legal`: any status that the lifecycle does not list."""


class History(Strict):
    """The table that records the statuses of an entity, and its columns."""

    table: str
    id: str
    status: str
    at: str


class Lifecycle(Strict):
    entity: str
    facts: str
    id: str
    table: str
    status: str = "status"
    history: History | None = None
    constants: dict[str, str] = Field(default_factory=dict)
    """Columns of entity rows and facts that say of which table a row is, where several share them."""
    statuses: tuple[str, ...]
    terminal: frozenset[str]
    waiting_on: dict[str, Literal["author", "staff"]] = Field(default_factory=dict)
    legal: dict[str, frozenset[str]]
    dimensions: dict[str, str | None]
    """Column of entity rows and facts -> column of the table; None where this table has no such column."""
    attributes: dict[str, str] = Field(default_factory=dict)
    reached: dict[str, str] = Field(default_factory=dict)
    counts: dict[str, str] = Field(default_factory=dict)
    closed: dict[str, frozenset[str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def known_statuses(self) -> Self:
        named = {*self.terminal, *self.waiting_on, *self.legal, *self.reached.values(), *self.counts.values()}
        named |= {status for after in [*self.legal.values(), *self.closed.values()] for status in after}
        if unknown := named - {"", UNKNOWN, *self.statuses}:
            raise ValueError(f"{self.entity}: unknown status {', '.join(sorted(unknown))}, expected one of statuses")
        return self

    def is_legal(self, before: str, after: str) -> bool:
        known = before == "" or before in self.known
        return after == REMOVED or after in self.legal.get(before if known else UNKNOWN, ())

    @property
    def key(self) -> tuple[str, ...]:
        """What names an entity in the entity table."""
        return (self.id, *self.constants)

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns of the table that entity rows and facts copy."""
        copied = (*self.dimensions.values(), *self.attributes.values())
        return tuple(source for source in copied if source is not None)

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.statuses)

    @cached_property
    def open(self) -> tuple[str, ...]:
        """Statuses that are not terminal, in the order of the lifecycle."""
        return tuple(status for status in self.statuses if status not in self.terminal)


class Lifecycles(Strict):
    lifecycles: dict[str, Lifecycle]

    @model_validator(mode="after")
    def told_apart(self) -> Self:
        """Of rows in a shared table it must be clear which captured table they are of."""
        seen: dict[tuple[str, ...], str] = {}
        for name, lifecycle in self.lifecycles.items():
            other = seen.setdefault((lifecycle.entity, *lifecycle.constants.values()), name)
            if other != name:
                raise ValueError(f"{name}: shares {lifecycle.entity} with {other}, expected other constants")
        return self


def load_lifecycles(contract: Contract | None = None, path: Path = DEFAULT_LIFECYCLES) -> dict[str, Lifecycle]:
    """By name; with a contract, those of its tables, and every column they name must be in it."""
    document = read_yaml(path)
    try:
        found = Lifecycles.model_validate({"lifecycles": document}).lifecycles
    except ValidationError as error:
        lines = (f"{path}: {'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors())
        raise ContractError("\n".join(lines)) from None
    if contract is None:
        return found
    problems = [f"{path}: {problem}" for lifecycle in found.values() for problem in _missing(lifecycle, contract)]
    if problems:
        raise ContractError("\n".join(problems))
    return {name: lifecycle for name, lifecycle in found.items() if lifecycle.table in contract.tables}


def _missing(lifecycle: Lifecycle, contract: Contract) -> list[str]:
    needs = {lifecycle.table: [lifecycle.status, *lifecycle.sources]}
    if lifecycle.history:
        needs[lifecycle.history.table] = [lifecycle.history.id, lifecycle.history.status, lifecycle.history.at]
    status = [
        f"{lifecycle.entity}: {table.name}.{column.name} has the type {column.type}, expected the type status"
        for table in contract.tables.values()
        for column in table.columns
        if (table.name, column.name) == (lifecycle.table, lifecycle.status) and column.type != "status"
    ]
    return status + [
        f"{lifecycle.entity}: {table}.{column} is not in the contract"
        for table, columns in needs.items()
        if table in contract.tables
        for column in columns
        if column not in {known.name for known in contract.tables[table].columns}
    ]
