"""Two live workers with one id are told by the names that the broker gives them, whatever else rebalances."""

from streams.agents.assignment import NAMES, WINDOW_SECONDS, Contention


def test_a_member_that_keeps_its_name_is_alone_whatever_happens() -> None:
    contention = Contention("w")
    assert [contention.look(name, float(at)) for at in range(100) for name in ("w-1", "")] == [None] * 200


def test_a_member_that_is_named_anew_again_and_again_is_not_alone() -> None:
    contention = Contention("w")
    found = [contention.look(f"w-{at // 4}", float(at)) for at in range(4 * (NAMES + 1))]
    told = [text for text in found if text]
    assert len(told) == 1 and "another live worker uses the id 'w'" in told[0] and "TECHHUB_WORKER_ID" in told[0]


def test_names_of_long_ago_do_not_count() -> None:
    contention = Contention("w")
    assert not any(contention.look(f"w-{number}", number * WINDOW_SECONDS / NAMES * 1.01) for number in range(50))
