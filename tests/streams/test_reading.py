"""What may be folded: contiguous from the watermark, of this epoch, or not at all."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from schemas.rows import Partition, Watermark
from streams.dead_letters import DeadLetterLimit, DeadLetters
from streams.reading import After, Gap, Reading
from streams.stored import Stored
from tests.streams.log import LIFECYCLES, fold_of

PLAN = LIFECYCLES["service_servicerequest"]
HERE = Partition(PLAN.topic, 0)


@dataclass(frozen=True)
class Record:
    offset: int


def records(first: int, last: int) -> list[Record]:
    return [Record(offset) for offset in range(first, last + 1)]


def reading(at: int = 10) -> Reading:
    made, part = Reading(), Stored(fold_of(PLAN), DeadLetters(DeadLetterLimit()))
    part.fold.position(Watermark(at))
    made.drop()
    assert made.own({HERE: part}) == {HERE: at}
    return made


def offsets(found: object) -> list[int]:
    assert not isinstance(found, Gap)
    assert isinstance(found, (list, tuple))
    return [record.offset for record in found]


def test_a_batch_that_begins_at_the_watermark_is_read_whole_and_the_next_one_follows_it() -> None:
    made = reading()
    assert offsets(made.cut(HERE, records(10, 12))) == [10, 11, 12]
    assert offsets(made.cut(HERE, records(13, 13))) == [13]


def test_a_batch_that_overlaps_is_trimmed_and_one_that_is_behind_is_dropped() -> None:
    made = reading()
    assert offsets(made.cut(HERE, records(7, 11))) == [10, 11]
    assert offsets(made.cut(HERE, records(7, 11))) == []


def test_a_batch_of_a_partition_without_a_position_is_dropped() -> None:
    assert offsets(reading().cut(Partition(PLAN.topic, 1), records(0, 3))) == []


def test_a_gap_is_not_folded_and_does_not_move_the_position() -> None:
    made = reading()
    assert made.cut(HERE, records(11, 12)) == Gap(10)
    assert made.next[HERE] == 10


def test_a_log_with_holes_inside_a_batch_is_read_on() -> None:
    """Offsets of a compacted or transactional log are not dense."""
    made = reading()
    assert offsets(made.cut(HERE, [Record(10), Record(12)])) == [10, 12]
    assert made.next[HERE] == 13


def test_after_a_gap_it_seeks_back_where_the_log_still_holds_the_offset() -> None:
    assert reading().after(HERE, Gap(10), 1, first=10) is After.BACK
    assert reading().after(HERE, Gap(10), 1, first=0) is After.BACK


def test_after_a_gap_that_the_log_no_longer_holds_the_table_needs_a_resync() -> None:
    made = reading()
    assert made.after(HERE, Gap(10), 1, first=11) is After.LOST
    made.leave(HERE)
    assert offsets(made.cut(HERE, records(11, 12))) == []


def test_an_answer_about_a_gap_counts_only_while_nothing_has_moved() -> None:
    made = reading()
    assert made.after(HERE, Gap(10), 0, first=11) is After.NOTHING
    made.cut(HERE, records(10, 10))
    assert made.after(HERE, Gap(10), 1, first=11) is After.NOTHING


def test_after_a_new_assignment_nothing_is_folded_until_state_is_loaded() -> None:
    made = reading()
    made.drop()
    assert (made.current(1), made.current(2)) == (False, True)
    assert offsets(made.cut(HERE, records(10, 12))) == []


def test_a_partition_that_is_halted_takes_no_more_records_but_keeps_its_state_for_what_is_being_written() -> None:
    made = reading()
    made.halt(HERE)
    assert offsets(made.cut(HERE, records(10, 12))) == []
    assert HERE in made.parts


@given(st.integers(0, 12), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6)), max_size=20))
def test_whatever_batches_arrive_each_offset_is_folded_once_and_in_order(
    at: int, batches: list[tuple[int, int]]
) -> None:
    made, folded = reading(at), []
    for first, more in batches:
        found = made.cut(HERE, records(first, first + more))
        if not isinstance(found, Gap):
            folded += [record.offset for record in found]
    assert folded == list(range(at, at + len(folded)))
