"""Runs a query of the catalogue: values in, an answer out. `ask` blocks, `answer` does not.

Views compute what depends on now by ClickHouse's clock; `now` and `zone` only resolve `now-24h` and `today`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sinks.catalogue import Query
from sinks.clickhouse import Client
from sinks.parameters import Value, bind

if TYPE_CHECKING:  # a command does without aiohttp
    from sinks.asynchronous import ClickHouse


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in the order of the query; instants are aware, in UTC. An empty answer has its columns, too."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]

    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def ask(
    client: Client, query: Query, zone: ZoneInfo, values: Mapping[str, Value] | None = None, now: datetime | None = None
) -> Answer:
    """Raises `ParameterError` for a value that does not fit, and what the client raises."""
    bound = bind(query.parameters, values or {}, now or datetime.now(UTC), zone)
    result = client.query(query.sql, parameters=bound, tz_mode="aware")
    return Answer(tuple(query.columns), result.result_rows)


async def answer(
    sink: "ClickHouse",
    query: Query,
    zone: ZoneInfo,
    values: Mapping[str, Value] | None = None,
    now: datetime | None = None,
    limits: Mapping[str, Any] | None = None,
) -> Answer:
    """As `ask`; raises `SinkUnavailable` when waiting may help. `limits` are settings of ClickHouse for this one."""
    bound = bind(query.parameters, values or {}, now or datetime.now(UTC), zone)
    settings = dict(limits or {})
    result = await sink.attempt(
        lambda: sink.client.query(query.sql, parameters=bound, settings=settings, tz_mode="aware")
    )
    return Answer(tuple(query.columns), result.result_rows)
