"""The watchdog's judgement: only a watermark that stands while its log has more is stuck; time asleep is no time."""

from schemas.rows import Partition
from streams.agents.watchdog import LOOK_SECONDS, counted
from streams.progress import Progress

A, B = Partition("a", 0), Partition("b", 0)


def test_a_watermark_that_stands_while_its_log_has_more_is_stuck_ever_longer() -> None:
    progress = Progress()
    for _ in range(4):
        progress.look({A: 10, B: 5}, {A: 7, B: 5}, 1.0)
    assert progress.worst == (A, 3.0)


def test_a_watermark_that_moves_is_not_stuck_however_far_behind() -> None:
    progress = Progress()
    for at in range(100):
        progress.look({A: 1_000_000 + at}, {A: at}, 1.0)
    assert progress.worst == (A, 0.0)


def test_a_partition_that_stands_is_seen_beside_others_that_move() -> None:
    progress = Progress()
    for at in range(61):
        progress.look({A: 1000, B: 1000}, {A: 3, B: at}, 1.0)
    assert progress.worst == (A, 60.0)


def test_a_log_without_news_and_a_log_that_nobody_could_ask_are_no_stall() -> None:
    progress = Progress()
    for _ in range(100):
        progress.look({A: 7}, {A: 7, B: 3}, 1.0)
    assert progress.worst is None


def test_a_partition_that_went_away_and_came_back_gets_its_full_time() -> None:
    progress = Progress()
    for _ in range(50):
        progress.look({A: 10}, {A: 7}, 1.0)
    progress.look({A: 10}, {}, 1.0)
    progress.look({A: 10}, {A: 7}, 1.0)
    assert progress.worst == (A, 0.0)


def test_waiting_for_clickhouse_is_no_stall() -> None:
    progress = Progress()
    for _ in range(100):
        progress.look({A: 10}, {A: 7}, 1.0)
        progress.excused()
    assert progress.worst == (A, 0.0)


def test_a_process_that_was_stopped_does_not_count_the_time_it_was_stopped() -> None:
    assert counted(0.9) == 0.9
    assert counted(3600.0) == 2 * LOOK_SECONDS
