"""The contract: the only list of tables and columns that may leave PostgreSQL.

Flows in: `schemas/techhub.yaml`. Flows out: validated, frozen models; publication, grants, Debezium configuration,
topics, decoders and the mirror's DDL are all made from them. An invalid contract raises `ContractError`, whose text
names file, table and column.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from schemas.types import TYPE_NAMES

DEFAULT_CONTRACT = Path(__file__).with_name("techhub.yaml")

PERSONAL = re.compile(
    r"(^|_)(iin|bin|tin|e?mail|phone|contact|(?:user|first|last|middle|full|sur)?name|address|passport|token|iban|iik|"
    r"bik|kbe|bank|ip|message|comment|text|data|password|secret|birth\w*|title|content|description)($|_)"
)
"""Column names that may hold personal data, free text or secrets: refused without a written reason."""

NEVER = re.compile(
    r"^(user_sessions_session|django_.*|silk_.*|hub_cache_table|thumbnail_kvstore|shared_largecache|oauth2_.*|authtoken_.*|"
    r"awsdjangoses_.*|social_auth_.*|auth_(?!group$|user_groups$|account_user_groups$).*)$"
)
"""Noise and secrets: no contract may list these tables."""

IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]*$")
KEY_TYPES = frozenset({"int64", "int32", "string", "uuid"})


class ContractError(ValueError):
    """An invalid contract: one line for each mistake, `file: table.column: what was expected`."""


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Strict):
    """A captured column. `source` is the column in PostgreSQL, `path` the keys into it when it is a jsonb document."""

    name: str
    type: str
    origin: str | None = Field(default=None, alias="from")
    optional: bool = False
    reason: str | None = None

    @field_validator("type")
    @classmethod
    def known(cls, value: str) -> str:
        if value not in TYPE_NAMES:
            raise ValueError(f"unknown type {value!r}, expected one of {', '.join(sorted(TYPE_NAMES))}")
        return value

    @property
    def source(self) -> str:
        return (self.origin or self.name).partition(".")[0]

    @property
    def path(self) -> tuple[str, ...]:
        return tuple((self.origin or self.name).split(".")[1:])

    @model_validator(mode="after")
    def harmless(self) -> Self:
        for name in (self.name, *(self.name if self.origin is None else self.origin).split(".")):
            if not IDENTIFIER.fullmatch(name):
                raise ValueError(f"{name!r} is no lower-case identifier")
        if self.path and not self.reason:
            raise ValueError(f"the whole document {self.source} reaches the topic: add a reason why it may")
        names = (name for name in (self.source, self.name) if not name.endswith("_id"))
        suspicious = next(filter(None, map(PERSONAL.search, names)), None)
        if suspicious and not self.reason:
            raise ValueError(
                f"the name suggests personal data or free text ({suspicious.group(2)}): add a reason, or take it out"
            )
        return self


class Table(Strict):
    """A captured table. Its topic is `<prefix>.<schema>.<name>` with `partitions`, keyed by the primary key."""

    name: str
    domain: str = Field(pattern=IDENTIFIER.pattern)
    role: Literal["lifecycle", "dimension", "activity", "history"]
    key: tuple[str, ...] = ("id",)
    partitions: int = Field(default=1, ge=1, le=64)
    optional: bool = False
    columns: tuple[Column, ...] = Field(min_length=1)

    @field_validator("columns", mode="before")
    @classmethod
    def shorthand(cls, value: Any) -> Any:
        """`name: type` and `name: {type: ...}` are the same."""
        if not isinstance(value, dict):
            raise ValueError("expected a map of column name to type")
        columns = []
        for name, entry in value.items():
            fields = {"type": entry} if isinstance(entry, str) else entry
            if not isinstance(fields, dict):
                raise ValueError(f"column {name}: expected a type, or a map with one")
            try:
                columns.append(Column.model_validate({**fields, "name": name}))
            except ValidationError as error:
                raise ValueError(f"column {name}: {_reasons(error)}") from None
        return columns

    @model_validator(mode="after")
    def coherent(self) -> Self:
        if not IDENTIFIER.fullmatch(self.name):
            raise ValueError("the name is no lower-case identifier")
        if NEVER.fullmatch(self.name):
            raise ValueError("is on the list of noise and secrets, which are never captured")
        names = [column.name for column in self.columns]
        if not self.key or len({*self.key}) < len(self.key):
            raise ValueError("key: expected columns, each once")
        for name in self.key:
            column = next((column for column in self.columns if column.name == name), None)
            if column is None:
                raise ValueError(f"column {name}: is the key, but not listed")
            if column.type not in KEY_TYPES or column.path or column.optional:
                raise ValueError(f"column {name}: a key is required and of type {', '.join(sorted(KEY_TYPES))}")
            if column.source != column.name:
                raise ValueError(f"column {name}: a key keeps its name")
        for name in names:
            if name.startswith("_"):
                raise ValueError(f"column {name}: names with a leading underscore are ours")
        return self

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns that PostgreSQL and Debezium are asked for, each once, in contract order."""
        return tuple(dict.fromkeys(column.source for column in self.columns))


class Contract(Strict):
    """All captured tables by name."""

    version: Literal[1]
    schema_name: str = Field(alias="schema", pattern=IDENTIFIER.pattern)
    tables: dict[str, Table] = Field(min_length=1)

    @field_validator("tables", mode="before")
    @classmethod
    def named(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("expected a map of tables")
        return {
            name: {**entry, "name": name} if isinstance(entry, dict) else {"name": name, "columns": entry}
            for name, entry in value.items()
        }

    @cached_property
    def domains(self) -> dict[str, tuple[Table, ...]]:
        """Tables of each domain, in contract order: one agent each."""
        return {
            domain: tuple(table for table in self.tables.values() if table.domain == domain)
            for domain in dict.fromkeys(table.domain for table in self.tables.values())
        }

    def topic(self, prefix: str, table: str) -> str:
        return f"{prefix}.{self.schema_name}.{table}"

    def without(self, absent: Iterable[str]) -> "Contract":
        """The same contract without optional tables that the database lacks."""
        gone = set(absent)
        return self.model_copy(update={"tables": {n: t for n, t in self.tables.items() if n not in gone}})


def load_contract(path: Path = DEFAULT_CONTRACT) -> Contract:
    document = read_yaml(path)
    try:
        return Contract.model_validate(document)
    except ValidationError as error:
        raise ContractError("\n".join(f"{path}: {line}" for line in _lines(error))) from None


def read_yaml(path: Path) -> Any:
    """A document in which nothing is named twice; raises `ContractError`."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeys)  # noqa: S506 a SafeLoader
    except OSError as error:
        raise ContractError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ContractError(f"{path}: is not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise ContractError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from None


class UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML where a table or column named twice is a mistake, not a silent overwrite.

    Parsed by libyaml where PyYAML has it: every command and every worker begins with the contract.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, f"{key!r}: expected a name", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is listed twice", key_node.start_mark)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _lines(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"] if part != "tables" and not isinstance(part, int))
        message = item["msg"].removeprefix("Value error, ")
        if message.startswith("column "):
            column, _, message = message.removeprefix("column ").partition(": ")
            place = f"{place.removesuffix('.columns')}.{column}"
        yield f"{place or 'contract'}: {message[:1].lower()}{message[1:]}"


def _reasons(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, item['loc']))}: {item['msg']}".removeprefix(": ").replace("Value error, ", "")
        for item in error.errors()
    )
