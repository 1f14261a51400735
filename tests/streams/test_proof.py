"""What a heartbeat proves: only what a later one shows to be stored."""

from collections.abc import Sequence

from streams.freshness import Proof


def followed(beats: Sequence[tuple[int, int, int]]) -> list[int]:
    proof = Proof()
    return [proof.follow(*beat) for beat in beats]


def test_a_heartbeat_that_has_come_through_proves_nothing_by_itself() -> None:
    assert followed([(100, 1, 0), (200, 2, 50), (300, 3, 99)]) == [0, 0, 0]


def test_it_is_proven_by_the_first_one_that_carries_a_position_beyond_it() -> None:
    assert followed([(100, 1, 0), (200, 2, 50), (300, 3, 100), (400, 4, 350)]) == [0, 0, 1, 3]


def test_a_position_before_it_does_not_prove_it_however_many_come() -> None:
    assert followed([(100 * n, n, 150) for n in range(1, 20)]) == [0, 1, *[0] * 17]


def test_what_is_sent_again_is_proven_again() -> None:
    assert followed([(100, 1, 0), (200, 2, 0), (100, 1, 0), (200, 2, 0), (300, 3, 200)]) == [0, 0, 0, 0, 2]


def test_a_source_whose_log_is_behind_starts_anew() -> None:
    assert followed([(900, 1, 0), (950, 2, 0), (100, 3, 50), (200, 4, 150)]) == [0, 0, 0, 3]


def test_it_says_how_long_nothing_has_been_proven() -> None:
    proof = Proof()
    for second in range(5):
        proof.follow(100 * second + 100, second * 1_000_000, 0)
    assert proof.behind == 4.0
    proof.follow(600, 5_000_000, 500)
    assert proof.behind == 0.0
