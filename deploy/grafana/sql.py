"""A query of the catalogue as Grafana's ClickHouse plugin runs it: time range and variables instead of parameters.

Pure. Flows in: a query, and literal values for some of its parameters. Flows out: SQL with `$__fromTime`, `$__toTime`
and `${variable:sqlstring}`, which Grafana replaces; nothing else in it is a parameter any more.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from sinks.catalogue import PLACEHOLDER, Query
from sinks.parameters import ARRAYS, DAY, INSTANT, RELATIVE, Default
from sinks.statements import literal, literals

SPAN: Final = {
    "since": "$__fromTime",
    "until": "$__toTime",
    "from_day": "toDate32($__fromTime, {zone})",
    "to_day": "toDate32($__toTime, {zone})",
}
"""The dashboard's time range; a `since` without an `until` means now, and stays what the query says."""

VARIABLES: Final = {"services": "service", "rooms": "room", "types": "type", "bucket_seconds": "period"}
"""Parameters that a variable of the dashboard chooses."""

STEPS: Final = {"s": "Second", "m": "Minute", "h": "Hour", "d": "Day", "w": "Week"}


def panel_sql(query: Query, zone: str, variables: Iterable[str], values: Mapping[str, Default]) -> str:
    """The statement; `variables` are those that the dashboard has."""
    there = set(variables)

    def replaced(name: str, type_: str) -> str:
        if name in values:
            return constant(type_, values[name], zone)
        if name in SPAN and not (name == "since" and "until" not in query.parameters):
            return SPAN[name].format(zone=literal(zone))
        if VARIABLES.get(name) in there:
            return chosen(type_, VARIABLES[name])
        return constant(type_, query.parameters[name].default, zone)

    return PLACEHOLDER.sub(lambda found: replaced(found[1], found[2]), query.sql)


def chosen(type_: str, variable: str) -> str:
    """What people chose. As text, so that a value from the address bar is a value, not SQL."""
    text = f"${{{variable}:sqlstring}}"
    return f"CAST([{text}], '{type_}')" if type_ in ARRAYS else f"CAST({text}, '{type_}')"


def constant(type_: str, value: Default, zone: str) -> str:
    if type_ in ARRAYS:
        assert isinstance(value, list), "the catalogue has checked it"
        return f"CAST({literals(map(str, value), '[]')}, '{type_}')"
    if type_ in (INSTANT, DAY):
        return moment(type_, str(value), zone)
    return literal(value) if isinstance(value, str) else str(value)


def moment(type_: str, text: str, zone: str) -> str:
    """`now-24h` as SQL, by ClickHouse's clock."""
    found = RELATIVE.fullmatch(text)
    assert found is not None, f"{text}: expected a relative instant"
    start, sign, amount, unit = found.groups()
    sql = "now()" if start == "now" else f"toStartOfDay(now(), {literal(zone)})"
    if unit:
        sql = f"({sql} {sign} toInterval{STEPS[unit]}({amount}))"
    return f"toDate32({sql}, {literal(zone)})" if type_ == DAY else sql


def projected(sql: str, expressions: Iterable[str], order: str | None = None) -> str:
    """Only some columns of a statement, or what is made of them."""
    inner = "\n".join(f"    {line}" for line in sql.splitlines())
    ordered = f"\nORDER BY {order}" if order else ""
    return f"SELECT {', '.join(expressions)}\nFROM (\n{inner}\n){ordered}"
