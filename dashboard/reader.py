"""Catalogue query and filters -> rows, over the one client path, with limits; connects when it is first needed."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from schemas.settings import Settings
from sinks.answers import answer
from sinks.asynchronous import ClickHouse
from sinks.catalogue import Query
from sinks.parameters import Value

LIMITS: Final = {"max_execution_time": 10, "max_result_rows": 20_000}
"""A page never needs more; what does fails as that card alone."""

Rows = list[list[Any]]


class Reads(Protocol):
    """What the poller needs of ClickHouse."""

    async def rows(self, query: Query, values: Mapping[str, Value]) -> Rows:
        """Rows in the order of the query's columns, JSON-ready; raises `SinkUnavailable` when it is away."""


class Reader:
    """`Reads` over HTTP. It never writes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sink: ClickHouse | None = None

    async def rows(self, query: Query, values: Mapping[str, Value]) -> Rows:
        if self._sink is None:
            self._sink = await ClickHouse.open(self._settings)
        found = await answer(self._sink, query, self._settings.zone, chosen(query, values), limits=LIMITS)
        return [[plain(value) for value in row] for row in found.rows]

    async def close(self) -> None:
        if self._sink is not None:
            await self._sink.close()


def chosen(query: Query, values: Mapping[str, Value]) -> dict[str, Value]:
    """Filters of a page that this query knows; the others are of its other queries."""
    return {name: value for name, value in values.items() if name in query.parameters}


def plain(value: Any) -> Any:
    """What JSON can say: instants as ISO 8601 in UTC, days as such, numbers that are none as null."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [plain(each) for each in value]
    return str(value)
