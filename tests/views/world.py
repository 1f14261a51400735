"""What happened, as a person would tell it: requests, bookings and names, before and after capture began.

`load.py` writes it into the tables as streams would, `oracle.py` computes from it what every view must show.
Instants are microseconds since 1970 in UTC.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


NOW = micros("2026-11-22T10:17:23") + 456_789
"""The instant at which the views are read."""


@dataclass(frozen=True)
class Seen:
    """The row of a request as one event of the log shows it; `status` None: it was deleted."""

    status: str | None
    committed_at: int
    origin: str = "stream"
    updated_at: int | None = None
    created_at: int | None = None
    service: str = ""
    author_id: int | None = None
    company_id: int | None = None
    assignee_id: int | None = None
    expert_id: int | None = None


@dataclass(frozen=True)
class HistoryRow:
    id: int
    status: str
    at: int | None
    streamed: bool = False


@dataclass(frozen=True)
class Request:
    id: int
    events: tuple[Seen, ...]
    history: tuple[HistoryRow, ...] = ()

    @property
    def last(self) -> Seen:
        return self.events[-1]

    @property
    def row(self) -> Seen | None:
        """As it is now; None if deleted."""
        return None if self.last.status is None else self.last


@dataclass(frozen=True)
class Booking:
    id: int
    room_id: int | None
    starts_at: int | None
    ends_at: int | None
    status: str = "active"
    author_id: int | None = None
    company_id: int | None = None
    deleted: bool = False


@dataclass(frozen=True)
class PartitionState:
    """How far a partition was read: `changed_at` and `seen_until` None: never."""

    table: str
    number: int
    changed_at: int | None
    seen_until: int | None
    watermark: bool = True


@dataclass(frozen=True)
class Issue:
    rule: str
    entity: str
    entity_id: str
    detected_at: int
    resolved_at: int | None = None


@dataclass(frozen=True)
class World:
    requests: tuple[Request, ...] = ()
    bookings: tuple[Booking, ...] = ()
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    rooms: dict[int, str | None] = field(default_factory=dict)
    users: tuple[int, ...] = ()
    companies: tuple[int, ...] = ()
    partitions: tuple[PartitionState, ...] = ()
    resync: dict[str, str] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    changes: tuple[tuple[int, str, str, str], ...] = ()
    """(committed_at, domain, table, operation) of streamed changes"""


STEPS = {
    "": ["draft", "created", "sent"],
    "draft": ["created", "sent"],
    "created": ["sent", "reject", "rejected"],
    "sent": ["correction", "approved", "approved", "reject", "rejected"],
    "correction": ["sent", "sent", "rejected"],
    "approved": ["success", "success", "reject"],
}
ANY = ["draft", "created", "sent", "correction", "approved", "success", "reject", "rejected", "on_hold"]


def random_world(seed: int) -> World:
    """A world of some hundred entities; instants often meet, and often lie near midnight in Almaty."""
    chance = random.Random(seed)
    capture = NOW - chance.choice([9 * DAY + 5 * HOUR, 30 * HOUR, 20 * MINUTE])
    ids = iter(range(1, 1_000_000))
    return World(
        requests=tuple(random_request(chance, id_, capture, ids) for id_ in range(1, 140)),
        bookings=tuple(random_booking(chance, id_) for id_ in range(1, 160)),
        services={
            "a": {"ru": "А", "kk": "Ә", "en": "A"},
            "b": {"kk": "Б"},
            "c": {"ru": "", "en": "C"},
            "d": {},
            "e": {"de": "E"},
        },
        rooms={1: "Одна", 2: None, 3: "", 4: "Four", 8: "Eight"},
        users=tuple(range(1, 8)) if chance.random() < 0.8 else (),
        companies=(1, 2, 3),
        partitions=tuple(random_partitions(chance)),
        resync={"account_user": "topic was recreated"},
        issues=tuple(
            Issue(
                chance.choice(["unknown_status", "illegal_transition", "bad_value"]),
                chance.choice(["service_servicerequest", "booking_booking"]),
                str(number),
                NOW - chance.randrange(DAY),
                chance.choice([None, NOW]),
            )
            for number in range(60)
        ),
        changes=tuple(
            (NOW - chance.randrange(3 * HOUR), "service", "service_servicerequest", chance.choice(["create", "update"]))
            for _ in range(200)
        ),
    )


def random_request(chance: random.Random, id_: int, capture: int, ids: "object") -> Request:
    take = ids.__next__  # type: ignore[attr-defined]
    attributes = Seen(
        None,
        0,
        service=chance.choice(["a", "a", "b", "c", "d", "e", "gone", ""]),
        author_id=chance.choice([1, 2, 3, None]),
        company_id=chance.choice([1, 2, 99, None]),
        assignee_id=chance.choice([None, 4, 5, 77]),
        expert_id=chance.choice([None, None, 5, 6]),
    )
    events: list[Seen] = []
    history: list[HistoryRow] = []
    status = ""
    at = instant(chance, capture - 12 * DAY, capture)
    attributes = replace(attributes, created_at=chance.choice([at, at, at, None]))
    if chance.random() < 0.5:
        for _ in range(chance.randrange(1, 6)):
            status = chance.choice(STEPS.get(status) or ANY)
            if chance.random() < 0.9:
                history.append(HistoryRow(take(), status, at))
            at = instant(chance, at, capture)
        updated_at = chance.choice([at, None])
        events.append(
            replace(attributes, status=status, committed_at=capture, origin="snapshot", updated_at=updated_at)
        )
    at = instant(chance, capture, NOW)
    if not events:
        attributes = replace(attributes, created_at=chance.choice([at - 1500, at - 1500, None]))
    for _ in range(chance.randrange(0 if events else 1, 7)):
        attributes = replace(
            attributes,
            service=chance.choice([attributes.service] * 6 + ["b"]),
            assignee_id=chance.choice([attributes.assignee_id, attributes.assignee_id, 4, None]),
        )
        alive = bool(events) and events[-1].status is not None
        if alive and chance.random() < 0.1:
            events.append(Seen(None, at))
            status = ""
            attributes = replace(attributes, created_at=chance.choice([at + 1, None]))
        elif alive and chance.random() < 0.15:
            events.append(replace(attributes, status=status, committed_at=at))
        elif alive and chance.random() < 0.08:
            status = chance.choice(ANY)
            events.append(replace(attributes, status=status, committed_at=at, origin="snapshot", updated_at=at - 7))
        else:
            status = chance.choice(ANY) if chance.random() < 0.15 else chance.choice(STEPS.get(status) or ANY)
            events.append(replace(attributes, status=status, committed_at=at))
            if chance.random() < 0.9:
                history.append(HistoryRow(take(), status, at - 900, streamed=True))
        at = chance.choice([at, instant(chance, at, NOW)])
    if chance.random() < 0.05:
        history.append(HistoryRow(take(), "sent", None))
    return Request(id_, tuple(events), tuple(history))


def instant(chance: random.Random, after: int, before: int) -> int:
    """Between the two; often at a midnight in Almaty (19:00 UTC), or a microsecond off it."""
    if chance.random() < 0.2:
        midnight = (chance.randrange(after, before + 1) // DAY) * DAY + 19 * HOUR + chance.choice([-1, 0, 1])
        return min(max(midnight, after), before)
    return chance.randrange(after, before + 1)


def random_booking(chance: random.Random, id_: int) -> Booking:
    start = NOW - chance.randrange(-2 * DAY, 2 * DAY) // (15 * MINUTE) * (15 * MINUTE)
    start = chance.choice([start, start, NOW, NOW - HOUR])
    length = chance.choice([HOUR, 2 * HOUR, 30 * MINUTE, 0, -HOUR, 31 * DAY, 31 * DAY + 1, 5 * HOUR, 1, None])
    return Booking(
        id_,
        chance.choice([1, 1, 2, 3, 4, 5, None]),
        chance.choice([start] * 9 + [None]),
        None if length is None else start + length,
        chance.choice(["active", "active", "finished", "deactivated", "maybe"]),
        chance.choice([1, 50, None]),
        chance.choice([1, 60, None]),
        chance.random() < 0.1,
    )


def random_partitions(chance: random.Random) -> list[PartitionState]:
    ages = [0, SECOND, 5 * SECOND, 5 * SECOND + 1, 15 * SECOND, 15 * SECOND + 1, 300 * SECOND, DAY]

    def moment() -> int | None:
        return chance.choice([None, *(NOW - age for age in ages)])

    tables = [
        "service_servicerequest",
        "service_service",
        "booking_booking",
        "booking_room",
        "account_user",
        "cdc_heartbeat",
    ]
    fresh = chance.choice([True, False])
    return [
        PartitionState(table, number, moment(), NOW - 2 * SECOND if fresh else moment(), chance.random() < 0.9)
        for table in tables
        for number in range(chance.randrange(1, 4))
    ]
