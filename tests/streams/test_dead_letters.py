"""A few bad records are set aside, many stop the worker, and a restart does not forget."""

from typing import Final

import pytest

from schemas.rows import DEAD_LETTERS, Partition
from streams.dead_letters import CAP, DeadLetterLimit, DeadLetters, dead_letter

LIMIT: Final = DeadLetterLimit()
PARTITION: Final = Partition("t", 3)


def letters(*offsets: int, limit: DeadLetterLimit = LIMIT) -> DeadLetters:
    found = DeadLetters(limit)
    for offset in offsets:
        found.add(offset)
    return found


def test_none_is_no_reason_to_stop() -> None:
    assert letters().exceeded() is None


def test_fifty_of_the_last_thousand_are_tolerated_and_one_more_is_not() -> None:
    assert letters(*range(0, 1000, 20)).exceeded() is None
    reason = letters(*range(0, 1000, 20), 999).exceeded()
    assert reason is not None
    assert "51 of the last 1000" in reason


def test_what_is_more_than_a_thousand_records_ago_does_not_count() -> None:
    assert letters(*range(50), 1049).exceeded() is None
    assert letters(*range(50), 999).exceeded() is not None


def test_a_hundred_in_a_row_stop_the_worker_where_more_are_tolerated_in_a_thousand() -> None:
    limit = DeadLetterLimit(of_last=500)
    assert letters(*range(99), 100, limit=limit).exceeded() is None
    assert letters(*range(7, 107), limit=limit).exceeded() == "100 dead letters in a row"


def test_a_restart_counts_those_of_the_table() -> None:
    again = DeadLetters(LIMIT)
    again.load(range(40, 0, -1))
    for offset in range(50, 60):
        again.add(offset)
    assert again.exceeded() is None
    again.add(61)
    assert again.exceeded() is not None


def test_one_that_is_read_again_after_a_crash_counts_once() -> None:
    """The table has it before the watermark passes it."""
    again = DeadLetters(LIMIT)
    again.load(range(40))
    for offset in range(40):
        again.add(offset)
    assert again.exceeded() is None
    assert len(again.offsets) == 40


def test_one_below_those_of_the_table_keeps_their_order() -> None:
    again = DeadLetters(LIMIT)
    again.load([5, 9])
    again.add(7)
    assert list(again.offsets) == [5, 7, 9]


def test_memory_is_bounded_by_the_window() -> None:
    found = letters(*range(0, 100_000, 10))
    assert len(found.offsets) <= LIMIT.window


def test_the_row_keeps_the_record_readable_and_capped() -> None:
    made = dict(zip(DEAD_LETTERS.columns, dead_letter(PARTITION, 7, "why", 5, None, b"\xff" + b"x" * CAP), strict=True))
    assert (made["topic"], made["partition"], made["offset"], made["reason"], made["received_at"]) == (
        "t",
        3,
        7,
        "why",
        5,
    )
    assert made["key"] == ""
    assert len(made["value"]) == CAP
    made["value"].encode()


@pytest.mark.parametrize("timestamp", [-1, 0])
def test_a_record_without_timestamp_has_the_first_instant(timestamp: int) -> None:
    assert dead_letter(PARTITION, 7, "why", timestamp, None, None)[4] == 0
