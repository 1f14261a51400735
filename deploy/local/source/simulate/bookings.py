"""What people do with rooms. Each function builds one transaction; None: nothing to do it with."""

from datetime import datetime, timedelta

from deploy.local.source.base import Row
from deploy.local.source.domains.booking import OPENS, QUARTER
from deploy.local.source.simulate.statement import Effect, Statement, Transaction, insert, update
from deploy.local.source.simulate.world import Booking, World

TABLE = "booking_booking"
HISTORY = "booking_bookingstatus"


def book_room(world: World) -> Transaction:
    """Mostly a free room, seldom one that is taken, very seldom a booking that ends before it starts."""
    now, number = world.clock(), world.ids.next(TABLE)
    booking = _place(world)
    if world.random.random() < 0.01:
        booking = Booking(booking.room, booking.start, booking.start - 2 * QUARTER)
    row: Row = {
        "id": number,
        "room_id": booking.room,
        "author_id": world.users.pick(world.random),
        "company_id": world.company(0.8),
        "start": booking.start,
        "end": booking.end,
        "status": "active",
        "created_at": now,
        "updated_at": now,
    }
    statements = (insert(TABLE, row), _recorded(world, number, "active"))
    return Transaction("book_room", statements, (Effect(world.bookings, number, booking),))


def move_booking(world: World) -> Transaction | None:
    """To another time, another room, or both."""
    number = _pick(world, begun=False)
    if number is None:
        return None
    before, booking = world.bookings[number], _place(world)
    same_time = Booking(booking.room, before.start, before.end)
    if world.random.random() < 0.3 and world.bookings.has_place_for(same_time):
        booking = same_time
    row: Row = {"room_id": booking.room, "start": booking.start, "end": booking.end, "updated_at": world.clock()}
    change = update(TABLE, number, row, expected={"status": "active"})
    return Transaction("move_booking", (change,), (Effect(world.bookings, number, booking),))


def cancel_booking(world: World) -> Transaction | None:
    return _end(world, "cancel_booking", _pick(world, begun=False), "deactivated")


def finish_booking(world: World) -> Transaction | None:
    return _end(world, "finish_booking", _pick(world, begun=True), "finished")


def _end(world: World, name: str, number: int | None, status: str) -> Transaction | None:
    if number is None:
        return None
    row: Row = {"status": status, "updated_at": world.clock()}
    statements = (update(TABLE, number, row, expected={"status": "active"}), _recorded(world, number, status))
    return Transaction(name, statements, (Effect(world.bookings, number),))


def _recorded(world: World, number: int, status: str) -> Statement:
    row: Row = {"id": world.ids.next(HISTORY), "booking_id": number, "status": status, "created_at": world.clock()}
    return insert(HISTORY, row)


def _pick(world: World, *, begun: bool) -> int | None:
    now = world.clock()
    for _ in range(8 if len(world.bookings) else 0):
        number = world.bookings.pick(world.random)
        if (world.bookings[number].start <= now) == begun:
            return number
    return None


def _place(world: World) -> Booking:
    """A free room; one time in fifty a time that overlaps another booking of its room."""
    if len(world.bookings) and world.random.random() < 0.02:
        other = world.bookings[world.bookings.pick(world.random)]
        return Booking(other.room, other.start + QUARTER, other.start + 4 * QUARTER)
    for attempt in range(12):
        start = _start(world, soon=attempt < 2 and world.random.random() < 0.2)
        length = (2 + int(world.random.random() * 9)) * QUARTER
        booking = Booking(world.rooms.pick(world.random), start, start + length)
        if world.bookings.has_place_for(booking):
            break
    return booking


def _start(world: World, *, soon: bool) -> datetime:
    """Around now, else in the opening hours of the next three months."""
    now, random = world.clock(), world.random
    if soon:
        quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
        return quarter + (int(random.random() * 9) - 4) * QUARTER
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1 + int(random.random() * 90)) + OPENS + int(random.random() * 36) * QUARTER
