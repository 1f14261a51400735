"""A number that is missing in the log proves lost changes; what Debezium sends again proves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.continuity import Continuity

Beat = tuple[int, int]
"""Number, commit time."""


def followed(*beats: Beat, snapshots: tuple[int, ...] = ()) -> list[str | None]:
    """What each says; `snapshots` are positions that a snapshot read."""
    log = Continuity()
    return [log.follow(seq, at, streamed=place not in snapshots) for place, (seq, at) in enumerate(beats)]


def test_numbers_in_order_are_unbroken() -> None:
    assert followed((5, 50), (6, 60), (7, 70)) == [None] * 3


@given(st.integers(1, 20), st.integers(0, 19))
def test_what_is_sent_again_after_a_crash_is_no_break(count: int, back: int) -> None:
    beats = [(number, 10 * number) for number in range(1, count + 1)]
    again = beats[max(0, count - back) :]
    following = (count + 1, 10 * (count + 1))
    assert followed(*beats, *again, following) == [None] * (count + len(again) + 1)


@pytest.mark.parametrize(("seq", "missing"), [(8, 1), (58, 51)])
def test_a_jump_says_how_many_are_missing_and_after_which(seq: int, missing: int) -> None:
    *_, reason = followed((5, 50), (6, 60), (seq, 70))
    assert reason == f"{missing} heartbeats are missing in the log after number 6: changes were lost"


def test_a_jump_counts_from_the_newest_also_after_a_rewind() -> None:
    assert followed((5, 50), (6, 60), (5, 50), (6, 60), (7, 70)) == [None] * 5
    *_, reason = followed((5, 50), (6, 60), (5, 50), (8, 70))
    assert reason is not None and reason.startswith("1 heartbeats are missing")


def test_it_is_said_once() -> None:
    assert followed((5, 50), (8, 60), (9, 70))[2] is None


def test_a_number_that_was_committed_twice_means_a_restored_source() -> None:
    *_, reason, after = followed((100, 50), (90, 60), (91, 70))
    assert reason is not None and "the source was restored" in reason
    assert after is None


def test_a_snapshot_after_the_stream_began_is_a_break_and_the_first_one_is_none() -> None:
    assert followed((5, 50), (6, 60), snapshots=(0,)) == [None, None]
    reasons = followed((5, 50), (5, 60), (6, 70), snapshots=(1,))
    assert reasons[1] is not None and "began anew with a snapshot after heartbeat 5" in reasons[1]
    assert reasons[2] is None
