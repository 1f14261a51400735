"""The catalogue: every query that a person or a machine asks, once. Live page, Grafana, metrics and documents use it.

Flows in: `queries/<name>.sql`, a YAML front matter in leading comment lines and then one statement with server-side
parameters, `{service:String}`; `queries/glossary.yaml`, what each column and parameter means, once for all queries.
Flows out: `Query`. A mistake raises `CatalogueError`, whose text names file and field. Pure but for `load_catalogue`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from schemas.contract import ContractError, UniqueKeys, read_yaml
from sinks.parameters import Default, Parameter, ParameterError
from sinks.statements import SqlError, statements

QUERIES: Final = Path(__file__).with_name("queries")
GLOSSARY: Final = QUERIES / "glossary.yaml"
NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
PLACEHOLDER: Final = re.compile(r"\{(\w+):([^{}]+)\}")

Unit = Literal[
    "requests", "transitions", "people", "reviews", "bookings", "rooms", "overlaps", "items", "events", "views",
    "vacancies", "comments", "courses", "companies", "changes", "tables", "records", "issues", "messages", "files",
    "pages", "tenge", "seconds", "share", "rank", "offset", "instant", "day", "flag", "id", "text",
]  # fmt: skip
MEASURED: Final = frozenset(Unit.__args__) - {"rank", "instant", "day", "flag", "id", "text"}  # type: ignore[attr-defined]
"""Units of figures; the others name, order or place a row."""

Domain = Literal["operations", "rooms", "content", "vacancies", "techorda", "companies", "pipeline"]
Kind = Literal["stat", "table", "bars", "series", "timeline"]
"""How a query wants to be seen. stat: one row of figures. bars: a figure a row. series: the first column is time, then
labels, then figures. timeline: rows with starts_at and ends_at. table: anything."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class CatalogueError(ValueError):
    """One line for each mistake: file, field, what was expected."""


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Strict):
    """A text in three languages."""

    ru: Text
    kk: Text
    en: Text


class Term(Words):
    """A column or a parameter of the glossary."""

    meaning: Text


class Column(Term):
    unit: Unit


class Threshold(Strict):
    """From which value on a figure is worth a look, and from which someone must act; `below` turns it around."""

    warning: float
    critical: float
    below: bool = False

    @model_validator(mode="after")
    def ordered(self) -> Self:
        if (self.warning > self.critical) if not self.below else (self.warning < self.critical):
            raise ValueError("expected warning before critical")
        return self


class Metric(Strict):
    """A Prometheus gauge: a value of each row, labelled by its columns."""

    name: Annotated[str, StringConstraints(pattern=r"^techhub_[a-z0-9_]+$")]
    value: str
    labels: tuple[str, ...] = ()


class Glossary(Strict):
    columns: dict[str, Column]
    parameters: dict[str, Term]


class FrontMatter(Strict):
    """What the head of a query's file says."""

    title: Words
    answers: Text
    domain: Domain
    kind: Kind
    unit: Unit
    tables: tuple[str, ...] = Field(min_length=1)
    """Captured tables that it is made of: it is as old as the oldest of them. `pipeline`: the worker's own tables."""
    columns: tuple[str, ...] = Field(min_length=1)
    parameters: dict[str, Default] = {}
    thresholds: dict[str, Threshold] = {}
    metrics: tuple[Metric, ...] = ()


class Query(Strict):
    """A query: its statement, and what each column and parameter of it means, in the order of the statement."""

    name: str
    sql: str
    title: Words
    answers: str
    domain: Domain
    kind: Kind
    unit: Unit
    tables: tuple[str, ...]
    columns: dict[str, Column]
    parameters: dict[str, Parameter]
    thresholds: dict[str, Threshold]
    metrics: tuple[Metric, ...]


def load_glossary(path: Path = GLOSSARY) -> Glossary:
    try:
        return Glossary.model_validate(read_yaml(path))
    except ContractError as error:
        raise CatalogueError(str(error)) from None
    except ValidationError as error:
        raise CatalogueError("\n".join(f"{path.name}: {line}" for line in mistakes(error))) from None


def load_catalogue(directory: Path = QUERIES) -> dict[str, Query]:
    """Every query by name, in the order of names."""
    glossary = load_glossary(directory / GLOSSARY.name)
    paths = sorted(directory.glob("*.sql"))
    return {path.stem: read_query(path.stem, path.read_text(encoding="utf-8"), glossary) for path in paths}


def read_query(name: str, text: str, glossary: Glossary) -> Query:
    """The query in `text`; `name` is that of its file without `.sql`."""
    try:
        return assembled(name, *split(text), glossary)
    except ValidationError as error:
        raise CatalogueError("\n".join(f"{name}.sql: {line}" for line in mistakes(error))) from None
    except yaml.YAMLError as error:
        raise CatalogueError(f"{name}.sql: front matter is not valid YAML: {' '.join(str(error).split())}") from None
    except (ValueError, SqlError) as error:
        raise CatalogueError(f"{name}.sql: {error}") from None


def split(text: str) -> tuple[str, str]:
    """The front matter (leading comment lines, without their dashes) and the statement."""
    lines = text.splitlines()
    head = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    found = statements("\n".join(lines[head:]))
    if len(found) != 1 or not found[0].upper().startswith(("SELECT", "WITH")):
        raise ValueError("expected front matter in comment lines, then one SELECT")
    return "\n".join(line.removeprefix("--").removeprefix(" ") for line in lines[:head]), found[0]


def assembled(name: str, head: str, sql: str, glossary: Glossary) -> Query:
    if not NAME.fullmatch(name):
        raise ValueError("expected a lower-case name of letters, digits and _")
    matter = FrontMatter.model_validate(yaml.load(head, Loader=UniqueKeys))  # noqa: S506 a SafeLoader
    named = {"columns": matter.columns, "parameters": matter.parameters}
    for field, names in named.items():
        known = getattr(glossary, field)
        for unknown in (each for each in names if each not in known):
            raise ValueError(f"{field}: {unknown}: is not in {GLOSSARY.name}, add what it means")
    parameters = dict(declared(sql, matter.parameters, glossary))
    check_names(matter)
    return Query(
        **matter.model_dump(exclude={"columns", "parameters"}),
        name=name,
        sql=sql,
        columns={column: glossary.columns[column] for column in matter.columns},
        parameters=parameters,
    )


def declared(sql: str, defaults: Mapping[str, Default], glossary: Glossary) -> Iterator[tuple[str, Parameter]]:
    """The parameters of the statement with the defaults of the front matter; the types are the statement's."""
    types: dict[str, str] = {}
    for name, type_ in PLACEHOLDER.findall(sql):
        if types.setdefault(name, type_) != type_:
            raise ValueError(f"parameters: {name}: is used as {types[name]} and as {type_}")
    for name in types.keys() ^ defaults.keys():
        raise ValueError(f"parameters: {name}: expected both in the front matter and in the statement")
    for name, type_ in types.items():
        words = glossary.parameters[name]
        try:
            yield name, Parameter(type=type_, default=defaults[name], meaning=words.meaning)
        except ParameterError as error:
            raise ValueError(f"parameters: {name}: {error}") from None


def check_names(matter: FrontMatter) -> None:
    """Thresholds and metrics speak of the query's own columns."""
    used = {"thresholds": set(matter.thresholds), "metrics": {n for m in matter.metrics for n in (m.value, *m.labels)}}
    for field, names in used.items():
        for unknown in sorted(names - set(matter.columns)):
            raise ValueError(f"{field}: {unknown}: expected one of {', '.join(matter.columns)}")


def mistakes(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "unknown field"
        yield f"{'.'.join(map(str, item['loc'])) or 'front matter'}: {message[:1].lower()}{message[1:]}"
