"""Measures: sums by key that shrink and replay, and what each one counts."""

from collections import Counter
from operator import itemgetter
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from streams.bookings import LONGEST, occupied, room_hours
from streams.entities import Booking
from streams.measures import MeasureRows, difference, hour_of, minute_of, summed, under_hour
from tests.streams.log import HOUR, LIFECYCLES, START, change, folded, lifecycle_of, sums

REQUESTS: Final = LIFECYCLES["service_servicerequest"]
BOOKINGS: Final = LIFECYCLES["booking_booking"]
BACKLOG, FILED, _ = lifecycle_of(REQUESTS).stocks[0]
(FLOW,) = lifecycle_of(REQUESTS).flows
instants = st.integers(-2_208_988_800_000_000, 10_413_705_600_000_000)
contributions = st.lists(
    st.tuples(st.tuples(st.sampled_from("ab")), st.tuples(st.sampled_from((-2, -1, 1, 3)))), max_size=6
)


def total(entries: Any) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for key, (value,) in entries:
        found[key] += value
    return Counter({key: value for key, value in found.items() if value})


def booking(start: int | None, end: int | None, status: str = "active", room: int | None = 1) -> Booking:
    return Booking(1, status, START, True, room, None, None, start, end, None, None)


@given(contributions)
def test_contributions_of_one_event_to_one_key_are_summed(entries: Any) -> None:
    found = list(dict(summed(entries)).items())
    assert len({key for key, _ in found}) == len(found)
    assert total(found) == total(entries)


@given(contributions, contributions)
def test_a_difference_turns_the_old_sum_into_the_new_one(old: Any, new: Any) -> None:
    changes = dict(difference(old, new)).items()
    assert total([*old, *changes]) == total(new)
    assert all(any(values) for _, values in changes)


def test_what_stays_as_it_is_makes_no_difference() -> None:
    assert not difference([(("a",), (1,))], [(("a",), (1,))])


def test_under_an_hour_the_keys_that_the_history_keeps_are_summed() -> None:
    changes = difference([], [(("A", "sent", 7), (1,)), (("A", "sent", 8), (1,))])
    assert FILED is not None
    rows = MeasureRows(FILED, "requests", 0)
    rows.add(6, under_hour(changes, HOUR, itemgetter(0, 1)))
    assert rows.take() == {(3600, "A", "sent"): (3600, "A", "sent", 2, "requests", 0, 7)}


@given(instants)
def test_hours_and_minutes_begin_at_or_before_the_instant_in_utc(at: int) -> None:
    assert 0 <= at - hour_of(at) * 1_000_000 < HOUR
    assert hour_of(at) % 3600 == 0
    assert 0 <= at - minute_of(at) * 1_000_000 < HOUR // 60


@given(instants, st.integers(-HOUR, 2 * LONGEST // 31))
def test_the_pieces_of_a_booking_add_up_and_none_crosses_an_hour(start: int, length: int) -> None:
    one = booking(start, start + length)
    pieces = list(room_hours.contributions(one))
    assert sum(micros for _, (micros, _) in pieces) == max(length, 0)
    assert all(0 < micros <= HOUR and count == 1 for _, (micros, count) in pieces)
    hours = [hour for (_, hour), _ in pieces]
    assert hours == list(range(hour_of(start), hour_of(start) + 3600 * len(hours), 3600))


def test_a_booking_occupies_its_room_unless_it_is_deactivated_or_no_interval_of_at_most_31_days() -> None:
    end = START + HOUR
    assert occupied(booking(START, end)) == (START, end)
    assert occupied(booking(START, end, "finished")) == (START, end)
    assert occupied(booking(START, end, "odd")) == (START, end)
    assert occupied(booking(START, START + LONGEST)) is not None
    for one in (
        booking(START, end, "deactivated"), booking(START, START), booking(end, START), booking(None, end),
        booking(START, None), booking(START, START + LONGEST + 1),
    ):  # fmt: skip
        assert occupied(one) is None
        assert list(room_hours.contributions(one)) == []
    assert list(room_hours.contributions(booking(START, end, room=None))) == []


def test_a_booking_that_moves_leaves_zeros_behind_in_its_old_room() -> None:
    values = {"status": "active", "start": START, "end": START + HOUR}
    log = [
        change(BOOKINGS, 0, "create", 1, 1, START, room_id=1, **values),
        change(BOOKINGS, 1, "update", 1, 2, START, room_id=2, **values),
    ]
    sink = folded(BOOKINGS, log)
    assert sums(sink, room_hours.table) == {(2, START // 1_000_000): (HOUR, 1)}
    assert {made[0]: made[2] for made in sink.rows["room_hours"].values()} == {1: 0, 2: HOUR}


def test_the_backlog_counts_what_is_not_terminal_drafts_and_unknown_ones_included() -> None:
    statuses = ["draft", "created", "sent", "correction", "approved", "success", "reject", "rejected", "odd"]
    log = [change(REQUESTS, n, "create", n + 1, n + 1, START, status=status, service_id="A")
           for n, status in enumerate(statuses)]  # fmt: skip
    found = sums(folded(REQUESTS, log), BACKLOG.table, "status")
    assert set(found) == {(status,) for status in statuses} - {("success",), ("reject",), ("rejected",)}


def test_a_request_that_changes_hands_moves_from_one_assignee_to_the_other() -> None:
    log = [
        change(REQUESTS, 0, "create", 1, 1, START, status="sent", service_id="A"),
        change(REQUESTS, 1, "update", 1, 2, START, status="sent", service_id="A", assignee_id=7),
    ]
    sink = folded(REQUESTS, log)
    assert sums(sink, BACKLOG.table) == {("A", "sent", 7): (1,)}
    assert FILED is not None
    assert sums(sink, FILED.table) == {(START // 1_000_000, "A", "sent"): (1,)}


def test_the_history_of_a_stock_is_its_net_change_by_the_hour_of_the_event() -> None:
    log = [
        change(REQUESTS, 0, "create", 1, 1, START, status="sent", service_id="A"),
        change(REQUESTS, 1, "create", 2, 2, START, status="sent", service_id="A"),
        change(REQUESTS, 2, "update", 1, 3, START + HOUR, status="approved", service_id="A"),
        change(REQUESTS, 3, "delete", 2, 4, START + 2 * HOUR),
    ]
    assert FILED is not None
    hour = START // 1_000_000
    assert sums(folded(REQUESTS, log), FILED.table) == {
        (hour, "A", "sent"): (2,),
        (hour + 3600, "A", "sent"): (-1,),
        (hour + 3600, "A", "approved"): (1,),
        (hour + 7200, "A", "sent"): (-1,),
    }


def test_the_flow_counts_streamed_transitions_only_and_the_time_of_observed_ones() -> None:
    log = [
        change(REQUESTS, 0, "read", 1, 0, START, status="sent", service_id="A"),
        change(REQUESTS, 1, "update", 1, 1, START + 5, status="approved", service_id="A"),
        change(REQUESTS, 2, "update", 1, 2, START + 9, status="success", service_id="A"),
    ]
    hour = START // 1_000_000
    assert sums(folded(REQUESTS, log), FLOW.table) == {
        (hour, "A", "sent", "approved"): (1, 0, 0),
        (hour, "A", "approved", "success"): (1, 1, 4),
    }


def test_the_content_backlog_counts_what_waits_for_moderation_or_correction() -> None:
    events = LIFECYCLES["core_event"]
    measure, filed, _ = lifecycle_of(events).stocks[0]
    assert filed is not None
    statuses = ["draft", "sent", "correction", "success", "reject", "deleted", "odd"]
    log = [change(events, n, "create", n + 1, n + 1, START, status=status) for n, status in enumerate(statuses)]
    log.append(change(events, 7, "update", 2, 9, START + HOUR, status="success"))
    sink = folded(events, log)
    assert sums(sink, measure.table) == {("event", "correction"): (1,)}
    hour = START // 1_000_000
    assert sums(sink, filed.table) == {
        (hour, "event", "sent"): (1,), (hour, "event", "correction"): (1,), (hour + 3600, "event", "sent"): (-1,),
    }  # fmt: skip
