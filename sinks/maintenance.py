"""Maintenance: an announced time in which alerts on business figures are silent. A row says who, why and until when.

It always has an end, so that one which was forgotten ends by itself. Instants come as arguments.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sinks.clickhouse import INSERT_SETTINGS, Client

COLUMNS: Final = ("started_at", "ends_at", "announced_by", "reason", "_version")
CURRENT: Final = """
SELECT started_at, ends_at, announced_by, reason FROM maintenance FINAL
WHERE ends_at > {at:DateTime64(6, 'UTC')} ORDER BY ends_at DESC LIMIT 1
"""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Instants in UTC."""

    started_at: datetime
    ends_at: datetime
    announced_by: str
    reason: str


def current(client: Client, at: datetime) -> Maintenance | None:
    """What holds at that instant; of several the one that ends last."""
    # as text: the client sends an instant without its microseconds
    rows = client.query(CURRENT, parameters={"at": f"{at:%Y-%m-%d %H:%M:%S.%f}"}, tz_mode="aware").result_rows
    return Maintenance(*rows[0]) if rows else None


def announce(client: Client, at: datetime, span: timedelta, by: str, reason: str) -> Maintenance:
    """Begins one, or gives the one that holds another end."""
    before = current(client, at)
    made = Maintenance(before.started_at if before else at, at + span, by, reason)
    write(client, made, at)
    return made


def end(client: Client, at: datetime) -> list[Maintenance]:
    """Ends all that hold; returns them as they were."""
    ended = []
    while (held := current(client, at)) is not None:
        write(client, Maintenance(held.started_at, at, held.announced_by, held.reason), at)
        ended.append(held)
    return ended


def write(client: Client, row: Maintenance, at: datetime) -> None:
    version = (at - EPOCH) // timedelta(microseconds=1)
    values = (row.started_at, row.ends_at, row.announced_by, row.reason, version)
    client.insert("maintenance", [values], column_names=COLUMNS, settings=INSERT_SETTINGS)
