"""The base data set: how much of what, as of when, from which seed.

Flows in: scale, seed and the instant that counts as now. Flows out: tables of rows, each a dict of column and value.
A domain gives its tables in `domains/<domain>.py`; same arguments, same rows, whatever the other domains do.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

Row = dict[str, object]

CANARY = "canary7f3a"
"""Stands in every text that identifies a person or is written by one: where it turns up, a column has leaked."""

YEARS = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Volumes:
    """Rows a table. The catalogue of services and the rooms are as large in a small data set as in a large one."""

    users: int
    staff: int
    companies: int
    memberships: int
    requests: int
    request_statuses: int
    forms: int
    bookings: int
    booking_statuses: int
    services: int = 310
    rooms: int = 16
    organizations: int = 12
    cities: int = 20

    @classmethod
    def of(cls, scale: float) -> "Volumes":
        def rows(full: int, least: int = 1) -> int:
            return max(least, round(full * scale))

        return cls(
            users=rows(54_000, 20),
            staff=rows(160, 8),
            companies=rows(6_600, 5),
            memberships=rows(4_500),
            requests=rows(56_000),
            request_statuses=rows(82_000),
            forms=rows(61_600),
            bookings=rows(8_700),
            booking_statuses=rows(8_700),
        )


@dataclass(frozen=True, slots=True)
class Base:
    volumes: Volumes
    now: datetime
    seed: int

    def random(self, table: str) -> Random:
        """A generator of the table's own, so that a table more changes nothing in the others."""
        return generator(f"{self.seed}:{table}")


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: Iterable[Row]


@dataclass(frozen=True, slots=True)
class Step:
    """A status that an entity entered."""

    status: str
    at: datetime


def generator(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - made-up data, nothing here is secret


def document(value: object) -> str:
    """JSON text: both COPY and a parameter of INSERT take it for jsonb."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def long_text(random: Random, size: int) -> str:
    """Text that does not compress, so that PostgreSQL has to store it out of line (TOAST)."""
    return b64encode(random.randbytes(size * 3 // 4)).decode()


def zipf(count: int) -> list[float]:
    """Cumulative weights: the first of `count` is the most popular, few take most."""
    return list(accumulate(1 / (rank + 2) for rank in range(count)))


def instants(random: Random, count: int, start: datetime, end: datetime) -> list[datetime]:
    """`count` instants in order, somewhat denser towards the end."""
    seconds = (end - start).total_seconds()
    return sorted(start + timedelta(seconds=int(seconds * random.random() ** 0.8)) for _ in range(count))


def recorded(paths: Sequence[tuple[int, Sequence[Step]]], budget: int) -> list[tuple[Step, int]]:
    """Status history in the order it was written.

    The history tables are younger than what they record: the newest entities have their whole path in it, up to
    `budget` rows, older ones nothing.
    """
    rows: list[tuple[Step, int]] = []
    for entity, steps in reversed(paths):
        if len(rows) + len(steps) > budget:
            break
        rows.extend((step, entity) for step in steps)
    return sorted(rows, key=lambda row: (row[0].at, row[1]))
