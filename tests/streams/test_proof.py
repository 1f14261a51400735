"""What a heartbeat proves: only what Kafka Connect has stored."""

from collections.abc import Sequence

from streams.freshness import Proof

BEATS = ((100, 1), (200, 2), (300, 3))


def following(beats: Sequence[tuple[int, int]] = BEATS) -> Proof:
    proof = Proof()
    for beat in beats:
        proof.follow(*beat)
    return proof


def test_heartbeats_that_have_come_through_are_proven_by_the_stored_position_of_the_last() -> None:
    proof = following()
    assert proof.stored(lsn=300, commit=290, committed_at=3) == 3
    assert proof.stored(lsn=300, commit=290, committed_at=3) == 0


def test_a_heartbeat_is_proven_by_a_record_of_a_later_transaction_once_one_has_ended_after_it() -> None:
    proof = following()
    assert proof.stored(lsn=210, commit=150, committed_at=2) == 1
    assert proof.stored(lsn=290, commit=210, committed_at=3) == 2
    assert proof.stored(lsn=320, commit=310, committed_at=4) == 3


def test_a_record_beyond_it_does_not_prove_it_where_no_transaction_has_ended_after_it() -> None:
    """The transaction before the record ended where the heartbeat begins: the heartbeat may still be on its way."""
    assert following().stored(lsn=350, commit=100, committed_at=9) == 0


def test_a_record_of_a_transaction_that_was_committed_before_it_does_not_prove_it() -> None:
    """Between the row of the heartbeat and its commit two others may be committed, and more of the second to come."""
    assert following([(100, 10)]).stored(lsn=95, commit=105, committed_at=9) == 0


def test_a_position_before_it_does_not_prove_it_however_many_come() -> None:
    proof = following()
    assert [proof.stored(lsn=99, commit=98, committed_at=9) for _ in range(20)] == [0] * 20


def test_what_is_sent_again_is_proven_again() -> None:
    proof = following((*BEATS, *BEATS[:2]))
    assert proof.stored(lsn=200, commit=190, committed_at=2) == 2
    assert proof.stored(lsn=300, commit=290, committed_at=3) == 0


def test_a_source_whose_log_is_behind_starts_anew() -> None:
    assert following(((900, 1), (950, 2), (100, 3), (200, 4))).stored(lsn=200, commit=190, committed_at=4) == 4


def test_it_says_how_long_nothing_has_been_proven() -> None:
    proof = following([(100 * second + 100, second * 1_000_000) for second in range(5)])
    assert proof.behind == 4.0
    proof.stored(lsn=500, commit=490, committed_at=4_000_000)
    assert proof.behind == 0.0
