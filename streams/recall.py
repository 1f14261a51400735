"""State out of the sink's rows: blocks of columns in, the memory of folds out. Pure.

Rows come in any order and, where ClickHouse has not merged yet, more than one of a key: the highest version counts.
Memory is what a worker costs, so values that are equal are one object where that is likely: what a mirror row carries,
and the position of an entity row and its mirror row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final

from streams.fold import Seen, TableFold

Columns = Sequence[Sequence[Any]]
Folds = Mapping[int, TableFold]
"""By the partition's number."""
SHARED: Final = 50_000
"""Different values after which no more are remembered for sharing."""


def recall_mirror(folds: Folds, columns: Columns) -> None:
    """By column: partition, key, carried values, version, lsn, committed_at, deleted."""
    numbers, *values = columns[:-4]
    width = len(next(iter(folds.values())).plan.table.key)
    keys = values[0] if width == 1 else list(zip(*values[:width], strict=True))
    states = shared(values[width:], len(numbers))
    mirrors = {number: fold.mirror for number, fold in folds.items()}
    remember(mirrors, {number: {} for number in folds}, numbers, keys, states, columns[-4:])


def recall_entities(folds: Folds, columns: Columns) -> None:
    """By column: partition, the entity's, version, lsn, committed_at, deleted. After the mirror."""
    plan = next(iter(folds.values())).plan.lifecycle
    assert plan is not None
    entities = {number: fold.entities for number, fold in folds.items()}
    mirrors = {number: fold.mirror for number, fold in folds.items()}
    states = map(plan.entity, *columns[1:-4])
    remember(entities, mirrors, columns[0], columns[1], states, columns[-4:])


def remember(
    memories: Mapping[int, dict[Any, Seen]], twins: Mapping[int, Mapping[Any, Seen]], numbers: Sequence[int],
    keys: Sequence[Any], states: Iterable[Any], position: Columns,
) -> None:  # fmt: skip
    for number, key, state, version, lsn, committed_at, gone in zip(numbers, keys, states, *position, strict=True):
        memory = memories[number]
        known = memory.get(key)
        if known is not None and known.version >= version:
            continue
        twin = twins[number].get(key)
        if twin is None or twin.version != version:
            memory[key] = Seen(version, lsn, committed_at, None if gone else state)
        else:
            memory[key] = Seen(twin.version, twin.lsn, twin.committed_at, None if gone else state)


def shared(columns: Columns, rows: int) -> Iterator[Any]:
    """Rows as tuples, equal ones as one object, as long as there are not too many different ones."""
    if not columns:
        yield from repeat((), rows)
        return
    kept: dict[Any, Any] = {}
    hashable = not any(isinstance(column[0], dict | list) for column in columns)
    for row in zip(*columns, strict=True):
        yield row if not hashable else kept.setdefault(row, row) if len(kept) < SHARED else kept.get(row, row)


def highest(fold: TableFold) -> int:
    """The highest version of a mirror or entity row; 0 without any."""
    return max((row.version for rows in (fold.mirror, fold.entities) for row in rows.values()), default=0)
