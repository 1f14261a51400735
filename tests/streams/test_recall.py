"""State out of the sink's rows: in whatever order, and however many of a key, the highest version counts."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.rows import Partition
from streams.fold import TableFold
from streams.recall import highest, recall_entities, recall_mirror
from tests.streams.log import LIFECYCLES, lifecycle_of

PLAN = LIFECYCLES["service_servicerequest"]
WIDTH = len(lifecycle_of(PLAN).entity.__struct_fields__)


def folds() -> dict[int, TableFold]:
    return {number: TableFold(PLAN.table, Partition(PLAN.topic, number)) for number in range(2)}


def mirror(*rows: tuple[int, int, str, int, int]) -> list[tuple[Any, ...]]:
    """(partition, key, status, version, deleted) by column."""
    return list(
        zip(*[(p, key, "A", status, v, 10 * v, 100 * v, gone) for p, key, status, v, gone in rows], strict=True)
    )


def entities(*rows: tuple[int, int, str, int, int]) -> list[tuple[Any, ...]]:
    rest = (0, True, "A", *[None] * (WIDTH - 6), 0)
    made = [(p, key, status, *rest, v, 10 * v, 100 * v, gone) for p, key, status, v, gone in rows]
    return list(zip(*made, strict=True))


@given(st.permutations([(0, 7, "draft", 1, 0), (0, 7, "sent", 2, 0), (0, 7, "", 3, 1), (0, 7, "approved", 4, 0)]))
def test_of_a_key_the_highest_version_counts_in_any_order(rows: list[tuple[int, int, str, int, int]]) -> None:
    found = folds()
    recall_mirror(found, mirror(*rows[:2]))
    recall_mirror(found, mirror(*rows[2:]))
    recall_entities(found, entities(*rows))
    assert (found[0].mirror[7].version, found[0].mirror[7].state) == (4, ("A", "approved"))
    assert found[0].entities[7].state.status == "approved"
    assert highest(found[0]) == 4


def test_a_deleted_row_is_remembered_without_its_values() -> None:
    found = folds()
    recall_mirror(found, mirror((0, 7, "sent", 5, 1)))
    recall_entities(found, entities((0, 7, "sent", 5, 1)))
    for row in (found[0].mirror[7], found[0].entities[7]):
        assert (row.version, row.lsn, row.committed_at, row.state) == (5, 50, 500, None)


def test_each_partition_gets_its_own_rows() -> None:
    found = folds()
    recall_mirror(found, mirror((0, 7, "sent", 1, 0), (1, 8, "sent", 9, 0)))
    assert (list(found[0].mirror), list(found[1].mirror)) == ([7], [8])
    assert (highest(found[0]), highest(found[1])) == (1, 9)


def test_an_entity_row_shares_its_position_with_its_mirror_row_only_where_they_are_of_one_version() -> None:
    """A flush may have been cut between the two inserts."""
    found = folds()
    recall_mirror(found, mirror((0, 7, "sent", 4000, 0), (0, 8, "sent", 4001, 0)))
    recall_entities(found, entities((0, 7, "sent", 4000, 0), (0, 8, "sent", 3000, 0)))
    assert found[0].entities[7].lsn is found[0].mirror[7].lsn
    assert (found[0].entities[8].version, found[0].entities[8].lsn) == (3000, 30_000)


def test_equal_carried_values_are_one_object() -> None:
    found = folds()
    recall_mirror(found, mirror((0, 7, "sent", 1, 0), (0, 8, "sent", 2, 0)))
    assert found[0].mirror[7].state is found[0].mirror[8].state
