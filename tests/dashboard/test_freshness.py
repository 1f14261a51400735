"""How old figures are: never younger than they are, unknown when nobody knows."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.channel import Channel
from dashboard.freshness import WORKER, pulse
from dashboard.pages import Card

TABLES = ("orders", "people")


def felt(at: float, **tables: tuple[int, float | None] | tuple[int, float | None, bool]) -> Any:
    """A pulse of tables: position, lag, and whether a repair is due."""
    rows = [
        {"table": name, "position": state[0], "lag_seconds": state[1], "resync": len(state) > 2}
        for name, state in tables.items()
    ]
    return pulse(rows, at)


def channel(*tables: str, floor: float = 1.0, every: float = 10.0) -> tuple[Channel, Card]:
    card = Card("figures", "table", 12, floor=floor, every=every)
    return Channel([card], {"figures": tables or TABLES}, {}), card


def read(watched: Channel, card: Card, at: Any, now: float, rows: Any = ((1,),)) -> None:
    watched.read(card, at, rows, now, now)


def test_a_card_is_as_old_as_the_least_fresh_of_its_tables() -> None:
    watched, card = channel()
    at = felt(100, orders=(5, 1.0), people=(9, 4.0), rooms=(1, 60.0))
    read(watched, card, at, 100)
    assert watched.age("figures", at, 100) == 4.0
    assert watched.age("figures", at, 107) == 11.0, "it grows while nothing is heard"


def test_what_has_not_moved_stays_young() -> None:
    watched, card = channel()
    read(watched, card, felt(100, orders=(5, 1.0), people=(9, 1.0)), 100)
    assert watched.age("figures", felt(130, orders=(5, 2.0), people=(9, 0.5)), 130) == 2.0


def test_what_has_moved_is_as_old_as_it_was_read() -> None:
    watched, card = channel()
    read(watched, card, felt(100, orders=(5, 1.0), people=(9, 1.0)), 100)
    assert watched.age("figures", felt(130, orders=(6, 2.0), people=(9, 0.5)), 130) == 31.0


def test_nobody_knows_means_unknown() -> None:
    watched, card = channel()
    assert watched.age("figures", felt(100, orders=(5, 1.0), people=(9, 1.0)), 100) is None, "not read yet"
    for strange in (felt(100, orders=(5, 1.0)), felt(100, orders=(5, 1.0), people=(0, None))):
        read(watched, card, strange, 100)
        assert watched.age("figures", strange, 100) is None


def test_the_workers_own_tables_are_as_old_as_the_read() -> None:
    watched, card = channel(WORKER)
    read(watched, card, felt(100, orders=(5, 500.0)), 100)
    assert watched.age("figures", felt(103, orders=(5, 500.0)), 103) == 3.0


def test_a_failed_read_lets_the_figures_grow_old_and_says_so() -> None:
    watched, card = channel()
    at = felt(100, orders=(5, 1.0), people=(9, 1.0))
    read(watched, card, at, 100)
    watched.failed(card, 101, 102)
    later = felt(120, orders=(5, 0.0), people=(9, 0.0))
    assert watched.age("figures", later, 120) == 21.0
    assert b'"failed":true' in watched.message(later, 120, {})


def test_a_repair_that_is_due_is_named() -> None:
    watched, card = channel()
    at = felt(100, orders=(5, 1.0, True), people=(9, 1.0))
    read(watched, card, at, 100)
    assert b'"resync":{"figures":["orders"]}' in watched.message(at, 100, {})


def test_a_card_is_read_when_a_table_moves_or_time_passes_and_not_more_often() -> None:
    watched, card = channel(floor=1.0, every=10.0)
    at = felt(100, orders=(5, 1.0), people=(9, 1.0))
    moved = felt(100, orders=(6, 1.0), people=(9, 1.0))
    assert watched.due(at, 100) == [card], "never read"
    watched.begin(card)
    assert watched.due(at, 100) == [], "it is being read"
    read(watched, card, at, 100)
    assert watched.due(moved, 100.5) == [], "its floor"
    assert watched.due(moved, 101) == [card]
    assert watched.due(at, 109) == [], "nothing moved"
    assert watched.due(at, 110) == [card]


def test_what_took_long_rests_longer() -> None:
    watched, card = channel(floor=1.0)
    moved = felt(100, orders=(6, 1.0), people=(9, 1.0))
    watched.read(card, felt(95, orders=(5, 1.0), people=(9, 1.0)), [], 99, 100)
    assert watched.due(moved, 105) == []
    assert watched.due(moved, 108) == [card]


def test_only_what_changed_is_sent_and_all_of_it_to_who_comes_new() -> None:
    watched, card = channel()
    at = felt(100, orders=(5, 1.0), people=(9, 1.0))
    read(watched, card, at, 100)
    assert b'"rows":[[1]]' in watched.message(at, 100, {})
    watched.told()
    read(watched, card, at, 101)
    assert b'"cards":{}' in watched.message(at, 101, {}), "the same rows"
    assert b'"rows":[[1]]' in watched.message(at, 101, {}, whole=True)


@given(st.lists(st.tuples(st.floats(0.1, 20), st.integers(0, 2), st.booleans()), min_size=1, max_size=30))
def test_the_age_is_never_less_than_the_truth(steps: list[tuple[float, int, bool]]) -> None:
    """A source that commits, a pipeline that is somewhat behind, a page that reads now and then."""
    watched, card = channel("orders")
    now, position, rows = 0.0, 0, 0
    latest: Any = felt(0, orders=(0, 0.0))
    seen_when_read: float | None = None
    unread_since: float | None = None
    for pause, lag, reads in steps:
        now += pause
        before, latest = latest, felt(now, orders=(position, float(lag)))
        if latest.tables["orders"].seen_at < before.tables["orders"].seen_at:
            latest = felt(now, orders=(position, now - before.tables["orders"].seen_at))
        if reads:
            rows += 1
            read(watched, card, latest, now, [[rows]])
            seen_when_read, unread_since = latest.tables["orders"].seen_at, None
        else:
            position += 1
            unread_since = unread_since if unread_since is not None else now
            latest = felt(now, orders=(position, now - latest.tables["orders"].seen_at))
        age = watched.age("figures", latest, now)
        if seen_when_read is None:
            assert age is None
        elif unread_since is not None:
            assert age is not None and age >= now - unread_since - 0.01


def test_the_pulse_of_no_table_knows_nothing() -> None:
    nothing: list[Mapping[str, Any]] = []
    assert pulse(nothing, 5.0).seen_at(["orders"]) is None
