"""`techhub-cdc query`: a query of the catalogue, asked from the command line, with the age of its figures."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table as Grid

from ops.target import settings_for
from schemas.errors import Usage
from schemas.settings import Settings
from sinks.answers import Answer, ask
from sinks.catalogue import Query, load_catalogue
from sinks.clickhouse import Client, connect
from sinks.parameters import ParameterError

AGE: Final = "freshness_total"
"""The query that tells the age of tables."""


def register(app: typer.Typer) -> None:
    app.command("query", epilog="Example: techhub-cdc query backlog --param services=seed,grant --json")(command)


def command(
    query: Annotated[str | None, typer.Argument(help="Which one; without it, a list of all.")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", help="A parameter, name=value; a list is a,b,c.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")] = None,
) -> None:
    """Asks a query of the catalogue; docs/queries.md explains them all.

    Instants and days may be relative: since=now-24h, from_day=today-30d.
    """
    catalogue = load_catalogue()
    if query is None:
        print_list(catalogue.values(), as_json)
        return
    chosen, values = known(query, catalogue), dict(map(pair, param or ()))
    settings = settings_for(name, "clickhouse_dsn")
    found, age = run(settings, chosen, values, catalogue[AGE])
    print_json(chosen, found, age) if as_json else print_answer(chosen, found, age)


def known(name: str, catalogue: Mapping[str, Query]) -> Query:
    if name not in catalogue:
        near = get_close_matches(name, catalogue, 1)
        hint = f"did you mean {near[0]}?" if near else "techhub-cdc query lists them"
        raise Usage(f"query {name}: unknown; {hint}")
    return catalogue[name]


def pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Usage(f"--param {text}: expected name=value")
    return name, value


def run(settings: Settings, query: Query, values: Mapping[str, str], age: Query) -> tuple[Answer, float | None]:
    """The answer, and how many seconds old its figures are; None where that is unknown."""
    try:
        with connect(settings) as client:
            return ask(client, query, settings.zone, values), age_of(client, settings, query, age)
    except ParameterError as error:
        raise Usage(f"query {query.name}: {error}") from None


def age_of(client: Client, settings: Settings, query: Query, age: Query) -> float | None:
    tables = [table for table in query.tables if table != "pipeline"]
    (found,) = ask(client, age, settings.zone, {"tables": tables}).records()
    return None if found["worst_lag_seconds"] is None else round(found["worst_lag_seconds"], 3)


def print_list(queries: Iterable[Query], as_json: bool) -> None:
    if as_json:
        listed = [{"name": query.name, "domain": query.domain, "answers": query.answers} for query in queries]
        print(json.dumps(listed, indent=2))
        return
    grid = Grid("query", "domain", "answers", header_style="bold")
    for query in queries:
        grid.add_row(query.name, query.domain, query.answers)
    Console().print(grid)


def print_json(query: Query, found: Answer, age: float | None) -> None:
    answer = {"query": query.name, "age_seconds": age, "rows": found.records()}
    print(json.dumps(answer, ensure_ascii=False, indent=2, default=shown))


def print_answer(query: Query, found: Answer, age: float | None) -> None:
    console = Console(highlight=False)
    grid = Grid(*found.columns, title=query.answers, title_justify="left", header_style="bold")
    for row in found.rows:
        grid.add_row(*("" if value is None else shown(value) for value in row))
    console.print(grid, markup=False)
    old = "of unknown age: is a worker running? techhub-cdc status" if age is None else f"{age:.1f} s old"
    console.print(f"{len(found.rows)} rows, figures {old}")


def shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return f"{value:.6g}" if isinstance(value, float) else str(value)
