"""What the simulator knows of the database: open requests, active bookings, other rows, and what they may refer to.

Flows in: the rows that are there when it starts, then the effects of its own transactions. It selects what it works on
itself, so that it runs on any data set; several worlds on one database each take their share of the ids.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from psycopg import Connection

from deploy.local.source.base import zipf
from deploy.local.source.domains.account import STAFF_ROLES
from deploy.local.source.domains.booking import quarters
from deploy.local.source.domains.core_content import PLACES
from deploy.local.source.domains.service import NEXT
from deploy.local.source.simulate.pool import Pool
from deploy.local.source.simulate.tracked import Rows, tracked

MOST = 20_000
"""Rows of one kind that a world starts with."""

LEAST_BACKLOG = 120
"""Open requests that all worlds of a simulator together keep up, or as many as there were at the start."""

BLOCK = 100
"""Ids that are asked for at a time."""


@dataclass(frozen=True, slots=True)
class Request:
    status: str
    author: int
    assignee: int | None
    form: int | None


@dataclass(frozen=True, slots=True)
class Booking:
    room: int
    start: datetime
    end: datetime


class Calendar(Pool[int, Booking]):
    """Bookings, and the quarters of an hour that they take."""

    def __init__(self) -> None:
        super().__init__()
        self._taken = Counter[tuple[int, datetime]]()

    def put(self, key: int, value: Booking) -> None:
        self.remove(key)
        super().put(key, value)
        self._taken.update(_slots(value))

    def remove(self, key: int) -> None:
        if key in self:
            self._taken.subtract(_slots(self[key]))
        super().remove(key)

    def has_place_for(self, booking: Booking) -> bool:
        return not any(self._taken[slot] > 0 for slot in _slots(booking))


def _slots(booking: Booking) -> list[tuple[int, datetime]]:
    return [(booking.room, at) for at in quarters(booking.start, booking.end)]


class Ids:
    """Ids from the tables' own sequences."""

    def __init__(self, connection: Connection[Any]) -> None:
        self.connection = connection
        self._blocks: dict[str, list[int]] = {}

    def next(self, table: str) -> int:
        block = self._blocks.setdefault(table, [])
        if not block:
            query = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            block.extend(reversed([number for (number,) in self.connection.execute(query, (table, BLOCK))]))
        return block.pop()


class World:
    def __init__(
        self, ids: Ids, random: Random, clock: Callable[[], datetime], share: tuple[int, int] = (0, 1)
    ) -> None:
        self.ids, self.random, self.clock, self.share = ids, random, clock, share
        self.requests = Pool[int, Request]()
        self.bookings = Calendar()
        self.services = Pool[str, dict[str, Any]]()
        self.companies = Pool[int, str]()
        self.users = Pool[int, str]()
        self.staff = Pool[int, str]()
        self.rooms = Pool[int, bool]()
        self.rows: dict[str, Rows] = tracked(ids.connection, share)
        self._popular: list[str] = []
        self._weights: list[float] = []
        self._load()

    def service(self) -> str:
        """A service for a request: the popular ones get most."""
        if not self._popular:
            return self.services.pick(self.random)
        return self.random.choices(self._popular, cum_weights=self._weights)[0]

    def company(self, share: float) -> int | None:
        return self.companies.pick(self.random) if self.random.random() < share else None

    def request(self, *statuses: str) -> int | None:
        """An open request, with one of the statuses if there are any; None when a few attempts found none."""
        for _ in range(8 if len(self.requests) else 0):
            key = self.requests.pick(self.random)
            if not statuses or self.requests[key].status in statuses:
                return key
        return None

    def any(self, table: str) -> Any:
        """The key of one of the table's rows; None when there is none."""
        return self.rows[table].pick(self.random) if len(self.rows[table]) else None

    def content(self, *statuses: str, tables: Sequence[str] = tuple(PLACES)) -> tuple[str, int] | None:
        """Table and id of some content, with one of the statuses if there are any; None as for `request`."""
        full = [table for table in tables if len(self.rows[table])]
        for _ in range(12 if full else 0):
            [table] = self.random.choices(full, [len(self.rows[table]) for table in full])
            key = self.any(table)
            if not statuses or self.rows[table][key].status in statuses:
                return table, key
        return None

    def _load(self) -> None:
        mine = "id %% %(of)s = %(mine)s ORDER BY id DESC LIMIT %(most)s"
        columns = "id, status, author_id, assignee_id, hub_form_data_id"
        for key, *request in self._rows(
            f"SELECT {columns} FROM service_servicerequest WHERE status = ANY(%(open)s) AND {mine}"  # noqa: S608
        ):
            self.requests.put(key, Request(*request))
        self.backlog = max(LEAST_BACKLOG // self.share[1], len(self.requests))
        self._load_references(mine)
        self._load_rooms()

    def _load_references(self, mine: str) -> None:
        for key, status in self._rows(f"SELECT id, status FROM account_company WHERE {mine}"):  # noqa: S608
            self.companies.put(key, status)
        for key, role in self._rows("SELECT id, role FROM account_user ORDER BY id DESC LIMIT %(most)s"):
            self.users.put(key, role)
        for key, role in self._rows(
            "SELECT id, role FROM account_user WHERE role = ANY(%(staff)s) ORDER BY id LIMIT %(most)s"
        ):
            self.staff.put(key, role)
        for code, document in self._rows(
            "SELECT code, data FROM service_service s"
            " ORDER BY (SELECT count(*) FROM service_servicerequest r WHERE r.service_id = s.code) DESC, code"
        ):
            self.services.put(code, document)
            self._popular.append(code)
        self._weights = zipf(len(self._popular))

    def _load_rooms(self) -> None:
        """Each world has rooms of its own, as far as there are enough: it books them without asking the others."""
        mine, of = self.share
        rooms = [key for (key,) in self._rows("SELECT id FROM booking_room ORDER BY id")]
        for key in rooms[mine::of] or rooms:
            self.rooms.put(key, True)
        for key, *place in self._rows(
            'SELECT id, room_id, start, "end" FROM booking_booking'
            " WHERE status = 'active' AND room_id = ANY(%(rooms)s) ORDER BY id DESC LIMIT %(most)s",
            rooms=rooms[mine::of] or rooms,
        ):
            self.bookings.put(key, Booking(*place))

    def _rows(self, query: str, **more: object) -> Sequence[tuple[Any, ...]]:
        mine, of = self.share
        values = {"open": list(NEXT), "staff": list(STAFF_ROLES), "most": MOST, "mine": mine, "of": of}
        return self.ids.connection.execute(query.encode(), values | more).fetchall()
