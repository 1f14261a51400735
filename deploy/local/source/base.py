"""The base data set: how much of what, as of when, from which seed.

Flows in: scale, seed and the instant that counts as now. Flows out: tables of rows, each a dict of column and value.
A domain gives its tables in `domains/<domain>.py`; same arguments, same rows, whatever the other domains do.
"""

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from deploy.local.source.volumes import Volumes

Row = dict[str, object]

CANARY = "canary7f3a"
"""Stands in every text that identifies a person or is written by one: where it turns up, a column has leaked."""

YEARS = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Base:
    volumes: Volumes
    now: datetime
    seed: int

    def random(self, table: str) -> Random:
        """A generator of the table's own, so that a table more changes nothing in the others."""
        return generator(f"{self.seed}:{table}")

    def rows(self, table: str) -> int:
        return self.volumes.rows(table)

    def one(self, random: Random, table: str) -> int:
        """The id of one of the table's rows."""
        return int(random.random() * self.rows(table)) + 1

    def maybe(self, random: Random, table: str, share: float) -> int | None:
        return self.one(random, table) if random.random() < share else None

    def instants(self, table: str) -> list[datetime]:
        """When each row of a table was made: in order, over two years."""
        return instants(self.random(f"{table}:instants"), self.rows(table), self.now - YEARS, self.now)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: Iterable[Row]


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
