"""What the words mean, one case each, with the figures written out."""

from datetime import date
from typing import Any

import pytest

from sinks.clickhouse import Client
from tests.views.conftest import Opened
from tests.views.test_views import shown
from tests.views.world import DAY, HOUR, MINUTE, NOW, SECOND, Booking, HistoryRow, PartitionState, Request, Seen, World

CAPTURE = NOW - 30 * HOUR
MORNING = NOW - 10 * HOUR - 17 * MINUTE
"""In the middle of the night in UTC, on 2026-11-22 in Almaty already."""


def snapshot(status: str, **rest: Any) -> Seen:
    return Seen(status, CAPTURE, "snapshot", **{"service": "visa", "created_at": NOW - 9 * DAY, **rest})


def streamed(status: str | None, at: int, **rest: Any) -> Seen:
    return Seen(status, at, **{"service": "visa", "created_at": at - SECOND, **rest})


WORLD = World(
    requests=(
        # stood at sent when capture saw it; its history tells since when
        Request(
            1,
            (snapshot("sent", updated_at=NOW - 2 * DAY),),
            (HistoryRow(1, "created", NOW - 8 * DAY), HistoryRow(2, "sent", NOW - 6 * DAY)),
        ),
        # stood at success, nothing tells since when
        Request(2, (snapshot("success"),)),
        # came, went through, and was deleted
        Request(
            3,
            (
                streamed("sent", MORNING, service="lab"),
                streamed("approved", MORNING + MINUTE, service="lab"),
                streamed(None, MORNING + HOUR),
            ),
        ),
        # came back to sent: only the first arrival counts; on another service by then
        Request(
            4,
            (
                streamed("sent", MORNING, service="lab"),
                streamed("correction", MORNING + 1, service="lab"),
                streamed("sent", MORNING + 2, service="hub"),
            ),
        ),
        Request(5, (streamed("rejected", MORNING, service="end"),)),
        Request(6, (streamed("reject", MORNING, service="end"),)),
        Request(7, (streamed("on_hold", MORNING, service="hub", assignee_id=7),)),
    ),
    bookings=(
        Booking(1, 1, NOW - HOUR, NOW + HOUR),
        Booking(2, 1, NOW - HOUR, NOW + 2 * HOUR, "finished"),
        Booking(3, 1, NOW + 2 * HOUR, NOW + 3 * HOUR),
        Booking(4, 1, NOW - HOUR, NOW + 9 * HOUR, "deactivated"),
        Booking(5, 2, NOW - HOUR, NOW - HOUR + 31 * DAY),
        Booking(6, 3, NOW - HOUR, NOW - HOUR + 31 * DAY + 1),
        Booking(7, 3, NOW - HOUR, NOW - HOUR),
    ),
    services={"lab": {"kk": "Зертхана", "en": ""}, "hub": {"ru": "Хаб", "en": "Hub"}},
    rooms={1: "One", 3: None},
    partitions=(
        PartitionState("booking_room", 0, NOW - 300 * SECOND, NOW - 5 * SECOND),
        PartitionState("account_user", 0, NOW - 300 * SECOND - 1, NOW - 5 * SECOND),
        PartitionState("account_company", 0, NOW - SECOND, NOW - 5 * SECOND - 1),
        PartitionState("service_service", 0, NOW - SECOND, NOW - 15 * SECOND - 1),
        PartitionState("service_servicerequest", 0, NOW - SECOND, NOW - 15 * SECOND),
        PartitionState("booking_booking", 0, NOW - SECOND, NOW - SECOND),
        PartitionState("booking_booking", 1, None, None),
    ),
)


@pytest.fixture(scope="module")
def client(opened: Opened) -> Client:
    return opened(WORLD)


def look(client: Client, view: str, columns: str) -> set[tuple[Any, ...]]:
    return set(shown(client, view, columns))


def test_a_snapshot_is_no_arrival_but_its_history_is(client: Client) -> None:
    funnel = look(client, "v_request_funnel_daily", "day service created sent approved success rejected")
    assert {row for row in funnel if row[1] == "visa"} == {
        (date(2026, 11, 13), "visa", 2, 0, 0, 0, 0),
        (date(2026, 11, 16), "visa", 0, 1, 0, 0, 0),
    }
    assert not [row for row in look(client, "v_request_flow", "service transitions") if row[0] == "visa"]


def test_a_request_that_a_snapshot_found_at_success_did_get_there(client: Client) -> None:
    columns = "cohort_day service created reached_sent reached_approved reached_success reached_rejected"
    assert (date(2026, 11, 13), "visa", 2, 1, 0, 1, 0) in look(client, "v_request_conversion", columns)


def test_a_deleted_request_stays_in_the_funnel_and_leaves_the_backlog(client: Client) -> None:
    columns = "day service created sent approved"
    assert (date(2026, 11, 22), "lab", 2, 2, 1) in look(client, "v_request_funnel_daily", columns)
    assert 3 not in {id_ for (id_,) in look(client, "v_requests_open", "request_id")}


def test_the_first_arrival_counts_with_the_service_it_had_then(client: Client) -> None:
    sent = {row for row in look(client, "v_request_funnel_daily", "service sent") if row[1]}
    assert sent == {("visa", 1), ("lab", 2)}


def test_durations_run_from_first_sent(client: Client) -> None:
    columns = "day service metric requests avg_seconds p50_seconds p90_seconds"
    assert look(client, "v_request_durations_daily", columns) == {
        (date(2026, 11, 22), "lab", "t2approve", 1, 60.0, 60.0, 60.0)
    }


def test_shares_are_of_decided_requests_and_reject_is_rejected(client: Client) -> None:
    outcomes = look(client, "v_request_outcomes", "service total open success rejected success_share rejected_share")
    assert outcomes == {
        ("visa", 2, 1, 1, 0, 1.0, 0.0), ("hub", 2, 2, 0, 0, None, None), ("end", 2, 0, 0, 2, 0.0, 1.0),
    }  # fmt: skip


def test_titles_fall_back_to_another_language_and_then_to_the_code(client: Client) -> None:
    found = look(client, "v_service_titles", "service title_ru title_kk title_en")
    assert ("lab", "Зертхана", "Зертхана", "Зертхана") in found
    assert ("hub", "Хаб", "Хаб", "Hub") in found
    assert ("visa", "visa", "visa") in look(client, "v_request_backlog", "service title_ru title_en")


def test_an_unknown_status_is_open_and_nobody_is_null(client: Client) -> None:
    backlog = look(client, "v_request_backlog", "service status waiting_on assignee_id requests")
    assert backlog == {
        ("visa", "sent", "staff", None, 1),
        ("hub", "sent", "staff", None, 1),
        ("hub", "on_hold", "", 7, 1),
    }


def test_the_hourly_backlog_ends_with_the_backlog_and_begins_with_capture(client: Client) -> None:
    hourly = look(client, "v_request_backlog_hourly", "hour service status requests")
    last, first = NOW // HOUR * 3600, CAPTURE // HOUR * 3600
    assert {row[1:] for row in hourly if row[0] == last} == look(client, "v_request_backlog", "service status requests")
    assert {row[0] for row in hourly if row[1] == "visa"} == set(range(first, last + 1, 3600))


def test_a_room_shows_the_booking_that_ends_last(client: Client) -> None:
    columns = "room_id name state booking_id until next_starts_at"
    assert look(client, "v_rooms_now", columns) == {
        (1, "One", "in_use", 2, NOW + 2 * HOUR, NOW + 2 * HOUR),
        (2, "2", "in_use", 5, NOW - HOUR + 31 * DAY, None),
        (3, "3", "free", None, None, None),
    }


def test_bookings_that_only_touch_do_not_overlap(client: Client) -> None:
    assert look(client, "v_booking_overlaps", "booking_a booking_b overlap_from overlap_to") == {
        (1, 2, NOW - HOUR, NOW + HOUR)
    }


def test_the_average_duration_leaves_out_cancelled_and_invalid_bookings(client: Client) -> None:
    columns = "day room_id bookings cancelled cancelled_share avg_duration_seconds"
    assert look(client, "v_booking_outcomes_daily", columns) == {
        (date(2026, 11, 22), 1, 4, 1, 0.25, 7200.0),
        (date(2026, 11, 22), 2, 1, 0, 0.0, 31 * 86400.0),
        (date(2026, 11, 22), 3, 2, 0, 0.0, None),
    }


def test_a_table_is_live_only_while_it_is_seen(client: Client) -> None:
    states = dict(look(client, "v_freshness", "table state"))
    seen = {table: states.pop(table) for table in (
        "booking_room", "account_user", "account_company", "service_service", "booking_booking",
        "service_servicerequest",
    )}  # fmt: skip
    assert list(seen.values()) == ["live", "idle", "behind", "stalled", "stalled", "behind"]
    assert set(states.values()) == {"stalled"}, "nobody has seen the others"


def test_orphans_are_silent_while_their_table_is_empty(client: Client) -> None:
    assert look(client, "v_dq", "rule entity open") == {
        ("booking_overlap", "booking_booking", 1), ("orphan", "booking_booking", 1),
        ("orphan", "service_servicerequest", 4),
    }  # fmt: skip
