"""Measures of room bookings, and when a booking occupies its room."""

from typing import Final

from streams.entities import Booking
from streams.measures import HOUR, NONE, Contribution, Contributions, stock

LONGEST: Final = 31 * 24 * HOUR
"""A longer booking is a mistake: it does not occupy its room."""


def occupied(booking: Booking) -> tuple[int, int] | None:
    """[starts_at, ends_at) while the booking occupies its room, microseconds; None if it does not."""
    start, end = booking.starts_at, booking.ends_at
    if booking.status == "deactivated" or start is None or end is None or not 0 < end - start <= LONGEST:
        return None
    return start, end


@stock("room_hours", key=("room_id", "hour"), values=("booked_microseconds", "bookings"))
def room_hours(booking: Booking) -> Contributions:
    """Time that a booking occupies its room, cut at the hours."""
    interval = occupied(booking)
    if interval is None or booking.room_id is None:
        return NONE
    start, end = interval
    pieces: list[Contribution] = []
    while start < end:
        cut = min(end, start // HOUR * HOUR + HOUR)
        pieces.append(((booking.room_id, start // HOUR * 3600), (cut - start, 1)))
        start = cut
    return pieces
