"""Rooms, bookings over the last two years and the next two weeks, and the history of their statuses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from deploy.local.source.base import YEARS, Base, Row, Table
from deploy.local.source.paths import Step, recorded
from deploy.local.source.phrases import ROOMS

QUARTER = timedelta(minutes=15)
OPENS = timedelta(hours=4)
"""The rooms open at 9:00 in Almaty: 4:00 UTC."""


@dataclass(frozen=True, slots=True)
class Booked:
    room: int
    start: datetime
    end: datetime
    steps: list[Step]


def tables(base: Base) -> Iterator[Table]:
    booked = sorted(_booked(base), key=lambda booking: booking.steps[0].at)
    yield Table("booking_room", (room(n) for n in range(base.rows("booking_room"))))
    yield Table("booking_booking", _bookings(base, booked))
    yield Table("booking_bookingstatus", _history(base, booked))


def room(number: int) -> Row:
    return {"id": number + 1, "name": ROOMS[number % len(ROOMS)], "capacity": 4 + number * 7 % 40}


def quarters(start: datetime, end: datetime) -> list[datetime]:
    """The quarters of an hour that a booking takes."""
    return [start + n * QUARTER for n in range(int((end - start) / QUARTER))]


def _booked(base: Base) -> Iterator[Booked]:
    random, taken = base.random("booking_booking"), set[tuple[int, datetime]]()
    today = base.now.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(base.rows("booking_booking")):
        for _ in range(8):
            number = random.randint(1, base.rows("booking_room"))
            start = today + timedelta(days=random.randint(-729, 14)) + OPENS + random.randrange(36) * QUARTER
            end = start + random.randint(2, 10) * QUARTER
            slots = {(number, at) for at in quarters(start, end)}
            if taken.isdisjoint(slots) or random.random() < 0.02:
                break
        taken |= slots
        if random.random() < 0.001:
            end = start - 2 * QUARTER
        yield Booked(number, start, end, _steps(random, start, end, base.now))


def _steps(random: Random, start: datetime, end: datetime, now: datetime) -> list[Step]:
    created = min(start, now - timedelta(minutes=5)) - timedelta(seconds=int(random.expovariate(1 / 259_200)))
    steps = [Step("active", max(created, now - YEARS))]
    over = max(start, end)
    if random.random() < (0.18 if over < now else 0.08):
        steps.append(Step("deactivated", created + (min(start, now) - created) * random.random()))
    elif over < now:
        steps.append(Step("finished", over))
    return steps if steps[-1].at >= steps[0].at else steps[:1]


def _bookings(base: Base, booked: list[Booked]) -> Iterator[Row]:
    random, volumes = base.random("booking_booking:columns"), base.volumes
    for n, booking in enumerate(booked, start=1):
        yield {
            "id": n,
            "room_id": booking.room,
            "author_id": random.randint(1, volumes.users),
            "company_id": random.randint(1, volumes.companies) if random.random() < 0.8 else None,
            "start": booking.start,
            "end": booking.end,
            "status": booking.steps[-1].status,
            "created_at": booking.steps[0].at,
            "updated_at": booking.steps[-1].at,
        }


def _history(base: Base, booked: list[Booked]) -> Iterator[Row]:
    paths = [(n, booking.steps) for n, booking in enumerate(booked, start=1)]
    for n, (step, booking) in enumerate(recorded(paths, base.rows("booking_bookingstatus")), start=1):
        yield {"id": n, "booking_id": booking, "status": step.status, "created_at": step.at}
