"""What happened to the rows of every captured table, drawn by chance; and how the streams write it into ClickHouse.

The rows go through the real fold, partition by partition; the oracle reads the story itself.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zlib import crc32

from schemas.change import Change
from schemas.contract import Column, Table
from schemas.lifecycles import load_lifecycles
from schemas.rows import Partition
from sinks.clickhouse import Client
from streams.fold import TableFold
from tests.streams.log import PLANS
from tests.views.world import DAY, HOUR, NOW, instant

Row = dict[str, Any]
STATUSES = {lifecycle.table: (*lifecycle.statuses, "odd") for lifecycle in load_lifecycles().values()}


@dataclass(frozen=True)
class Event:
    """A row after an event of the log; `values` None: it was deleted. `read`: as a snapshot found it."""

    operation: str
    key: Any
    at: int
    values: Row | None

    @property
    def streamed(self) -> bool:
        return self.operation != "read"


@dataclass(frozen=True)
class Story:
    """Events of each table in the order of their commits."""

    tables: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        """As they are now, every column of the contract."""
        now = {event.key: event.values for event in self.tables.get(table, ())}
        names = [column.name for column in PLANS[table].table.table.columns]
        empty = dict(zip(names, PLANS[table].decoder.empty, strict=True))
        return [{**empty, **values} for values in now.values() if values is not None]

    def lives(self, table: str) -> Iterator[list[Event]]:
        """The events of each row."""
        found = defaultdict(list)
        for event in self.tables.get(table, ()):
            found[event.key].append(event)
        yield from found.values()

    def born(self, table: str, row: Row) -> int | None:
        """When a row of now was created; without a creation instant its latest streamed change tells."""
        (key,) = PLANS[table].table.table.key
        streamed = [event.at for event in self.tables[table] if event.key == row[key] and event.streamed]
        stated: int | None = row["created_at"]
        return stated if stated is not None else max(streamed, default=None)


def tell(client: Client, story: Story) -> None:
    """Writes the story as the streams do."""
    for table, events in story.tables.items():
        plan = PLANS[table]
        logs: dict[int, list[Change]] = defaultdict(list)
        for number, event in enumerate(events):
            values = complete(plan.table.table, plan.decoder.empty, event)
            log = logs[crc32(str(event.key).encode()) % plan.partitions]
            log.append(
                Change(len(log), event.operation, event.key, number + 1 if event.streamed else 0, event.at, values)
            )
        for partition, log in logs.items():
            fold = TableFold(plan.table, Partition(plan.topic, partition))
            fold.fold(log, len(log))
            staged = fold.take()
            for rows in (staged.first, staged.second):
                for target, found in rows.items():
                    client.insert(target.name, list(found.values()), column_names=target.columns)


def complete(table: Table, empty: tuple[Any, ...], event: Event) -> tuple[Any, ...] | None:
    if event.values is None:
        return None
    names = [column.name for column in table.columns]
    assert set(event.values) <= set(names), (table.name, event.values)
    return tuple({**dict(zip(names, empty, strict=True)), **event.values}.values())


def random_story(seed: int) -> Story:
    """Few ids and few values, so that they meet; some references lead nowhere."""
    chance = random.Random(seed)
    capture = NOW - chance.choice([9 * DAY + 5 * HOUR, 30 * HOUR])
    return Story({name: tuple(random_events(chance, plan.table.table, capture)) for name, plan in PLANS.items()})


def random_events(chance: random.Random, table: Table, capture: int) -> list[Event]:
    events: list[Event] = []
    (key,) = (column for column in table.columns if column.name in table.key)
    for number in range(1, chance.randrange(14, 40) if table.role != "dimension" else 6):
        events += random_life(chance, table, key_of(key, number), capture)
    return sorted(events, key=lambda event: event.at)


def key_of(column: Column, number: int) -> Any:
    return {"uuid": str(UUID(int=number)), "string": f"s{number}"}.get(column.type, number)


def random_life(chance: random.Random, table: Table, key: Any, capture: int) -> Iterator[Event]:
    alive, at = False, capture
    if chance.random() < 0.4:
        yield Event("read", key, capture, random_row(chance, table, key, capture))
        alive = True
    for _ in range(chance.choice([0, 1, 1, 2, 4]) if alive else chance.choice([1, 1, 2, 5])):
        at = instant(chance, at, NOW)
        if alive and chance.random() < 0.15:
            yield Event("delete", key, at, None)
            alive = False
        else:
            yield Event("update" if alive else "create", key, at, random_row(chance, table, key, at))
            alive = True


def random_row(chance: random.Random, table: Table, key: Any, at: int) -> Row:
    values = {column.name: chance.choice(options(table, column, at)) for column in table.columns}
    return {**values, table.key[0]: key}


def options(table: Table, column: Column, at: int) -> list[Any]:
    by_name: dict[str, list[Any]] = {
        "source": ["event", "core_blog", "core.article", "Vacancy", "odd", None],
        "salary_min": [None, 0, 100, 300, -5],
        "salary_max": [None, 0, 200, 400],
        "view_count": [None, 0, 3, 10],
        "service_id": ["s1", "s2", "s9", None],
        "created_at": [None, at, at - DAY],
    }
    if column.name in by_name:
        return by_name[column.name]
    if column.type == "status":
        return list(STATUSES.get(table.name, ("graduated", "completed", "new", "")))
    by_type: dict[str, list[Any]] = {
        "int64": [None, 1, 1, 2, 3, 4, 99],
        "int32": [None, 5],
        "bool": [None, True, True, False],
        "string": ["x", "y", None],
        "timestamptz": [None, NOW - DAY, NOW, NOW + HOUR, NOW + 2 * HOUR],
        "i18n": [{}, {"ru": "Имя", "kk": "Аты", "en": "Name"}, {"kk": "Аты"}, {"ru": "", "en": "Name"}, {"de": "Name"}],
        "strings": [[], ["a"]],
        "count": [0, 1, 4],
        "flag": [False, True],
        "uuid": [None],
    }
    return by_type[column.type]
