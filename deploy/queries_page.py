"""The catalogue -> the text of docs/queries.md: `python -m deploy.queries_page > docs/queries.md`."""

from collections.abc import Iterator, Mapping
from typing import get_args

from sinks.catalogue import Domain, Glossary, Query, load_catalogue, load_glossary
from sinks.parameters import Default

HEADER = """\
# Queries

What the live page, Grafana, business metrics and `techhub-cdc query` ask. Each is a file in
[sinks/queries](../sinks/queries), from which this page is made (`python -m deploy.queries_page > docs/queries.md`).
A figure is as old as the tables it is made of; *pipeline* stands for the tables of the worker itself. An empty list of
values is all of them. Columns and parameters mean the same in every query: they are explained [below](#columns).

    techhub-cdc query                                   # lists them
    techhub-cdc query backlog                           # asks one, and says how old the answer is
    techhub-cdc query requests_open --param services=seed,grant --param min_age_seconds=259200 --json
"""


def lines(catalogue: Mapping[str, Query], glossary: Glossary) -> Iterator[str]:
    yield HEADER
    for domain in get_args(Domain):
        yield f"## {domain.capitalize()}\n"
        for query in (query for query in catalogue.values() if query.domain == domain):
            yield from section(query)
    yield "## Columns\n"
    yield from table(("column", "unit", "meaning"), ((name, c.unit, c.meaning) for name, c in glossary.columns.items()))
    yield "## Parameters\n"
    yield from table(("parameter", "meaning"), ((name, term.meaning) for name, term in glossary.parameters.items()))


def section(query: Query) -> Iterator[str]:
    yield f"### {query.name}\n"
    yield f"{query.answers} *{query.title.en} · {query.title.ru} · {query.title.kk}*\n"
    yield f"- columns: {', '.join(f'`{name}`' for name in query.columns)}"
    if query.parameters:
        listed = (f"`{name}` ({each.type}, {default(each.default)})" for name, each in query.parameters.items())
        yield f"- parameters: {', '.join(listed)}"
    for name, limits in query.thresholds.items():
        where = "below" if limits.below else "from"
        yield f"- worth a look {where} `{name}` {limits.warning:g}, urgent {where} {limits.critical:g}"
    for metric in query.metrics:
        labels = f" by {', '.join(metric.labels)}" if metric.labels else ""
        yield f"- metric: `{metric.name}`, the `{metric.value}` {labels}".rstrip()
    yield f"- shown as {query.kind}, in {query.unit}; of {', '.join(query.tables)}\n"


def default(value: Default) -> str:
    return "all" if value == [] else f"{value}"


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for name, *cells in rows:
        yield f"| {' | '.join((f'`{name}`', *cells))} |"
    yield ""


def text() -> str:
    return "\n".join(lines(load_catalogue(), load_glossary()))


if __name__ == "__main__":
    print(text(), end="")
