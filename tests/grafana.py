"""What Grafana and its ClickHouse plugin make of a stored statement before ClickHouse sees it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sinks.statements import TOKEN


def interpolated(sql: str, variables: Mapping[str, str | Sequence[str]], begin: datetime, end: datetime) -> str:
    """The browser replaces variables; the plugin strips comments and expands macros. Anything left over is refused."""
    sql = re.sub(r"\$\{(\w+):sqlstring\}", lambda found: sqlstring(variables[found[1]]), sql)
    sql = TOKEN.sub(lambda found: "" if found["comment"] else found[0], sql)
    for macro, at in (("fromTime", begin), ("toTime", end)):
        sql = re.sub(rf"\$__{macro}\b", f"toDateTime({int(at.timestamp())})", sql)
    left = re.search(r"\$\w+|\$\{|\{\w+:", sql)
    assert left is None, f"{left.group() if left else ''} is neither a variable nor a macro: {sql}"
    return sql


def sqlstring(value: str | Sequence[str]) -> str:
    """Quotes doubled; a custom value for All goes in as it is."""
    if isinstance(value, str):
        return value if value.startswith("/*") else quoted(value)
    return ",".join(map(quoted, value))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
