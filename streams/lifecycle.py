"""Status transitions: (where an entity stands, a change of its row) -> (where it stands then, what happened).

Pure. One function for every lifecycle; what differs is data (`schemas/lifecycles.yaml`). Instants are microseconds
since 1970 in UTC, spans microseconds.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import msgspec

from schemas.change import Change
from schemas.contract import ContractError, Table
from schemas.lifecycles import REMOVED, Lifecycle
from schemas.rows import picker
from streams.entities import Entity


class Transition(msgspec.Struct, frozen=True, gc=False):
    """A status change that the log shows."""

    before: str
    after: str
    at: int
    spent: int | None
    """Microseconds in `before`; None where the entry into it was not observed."""
    legal: bool
    origin: str
    lsn: int
    entity: Any
    """The entity after the change; the last one known where it was removed."""


Advance = Callable[[Entity | None, Change], tuple[Entity | None, Transition | None]]


def entity_columns(lifecycle: Lifecycle) -> tuple[str, ...]:
    """Columns of the entity table that come from the entity, in the order of the entity's fields."""
    return (
        lifecycle.id, "status", "since", "since_observed", *lifecycle.constants, *lifecycle.dimensions,
        *lifecycle.attributes, "created_at", *lifecycle.reached, *lifecycle.closed, *lifecycle.counts,
    )  # fmt: skip


def check_fields(lifecycle: Lifecycle, entity: type[Entity]) -> None:
    expected = ("id", *entity_columns(lifecycle)[1:])
    fields = entity.__struct_fields__
    if fields != expected:
        wanted = ", ".join(expected)
        raise ContractError(f"{entity.__name__}: fields {', '.join(fields)}, expected by the lifecycle {wanted}")


def advancer(lifecycle: Lifecycle, table: Table, entity: Callable[..., Entity]) -> Advance:
    """The fold of one lifecycle over the rows of its table."""
    names = [column.name for column in table.columns]
    texts = {column.name for column in table.columns if column.type == "string"}
    status_at = names.index(lifecycle.status)
    constants = tuple(lifecycle.constants.values())
    nowhere = len(names)
    copied = tuple(
        (nowhere if name is None else names.index(name), "" if name in texts else None)
        for name in (*lifecycle.dimensions.values(), *lifecycle.attributes.values())
    )
    sparse = any(place == nowhere for place, _ in copied)
    copied_at = 4 + len(constants)
    created_index = names.index("created_at") if "created_at" in names else None
    updated_index = names.index("updated_at") if "updated_at" in names else None
    reached_from = copied_at + len(copied) + 1
    reached_at = slice(reached_from, reached_from + len(lifecycle.reached))
    counts_at = slice(reached_at.stop + len(lifecycle.closed), None)
    reached = tuple(lifecycle.reached.values())
    counted = tuple(lifecycle.counts.values())
    closing = tuple(lifecycle.closed.values())
    legal = frozenset(pair for pair in product(("", *lifecycle.statuses), repeat=2) if lifecycle.is_legal(*pair))
    nothing_yet = ((None,) * len(reached), (0,) * len(counted))
    milestones = frozenset((*reached, *counted))
    first_places, count_places = (
        {status: [place for place, goal in enumerate(goals) if goal == status] for status in milestones}
        for goals in (reached, counted)
    )
    open_still = (None,) * len(closing)
    closes = frozenset(status for among in closing for status in among)
    copy = picker([place for place, _ in copied])
    blanks = tuple((at, blank) for at, (_, blank) in enumerate(copied) if blank is not None)
    astuple = msgspec.structs.astuple

    fields = {status_at: 1, **{i: copied_at + place for place, (i, _) in enumerate(copied)}}

    def restored(past: tuple[Any, ...], change: Change, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """A TOASTed value that the change did not carry is the one that the entity has."""
        return tuple(
            [past[fields[i]] if i in change.unavailable and i in fields else value for i, value in enumerate(values)]
        )

    def stood_since(change: Change, values: tuple[Any, ...], created_at: int | None) -> int:
        """A snapshot shows where an entity stands, not when it got there; so does the first update of one that nobody
        has seen: the row was there before capture, and a backfill has not come to it yet."""
        updated: int | None = values[updated_index] if updated_index is not None else None
        return updated if updated is not None else created_at if created_at is not None else change.committed_at

    def arrived(status: str, at: int, firsts: tuple[Any, ...], counts: tuple[Any, ...]) -> tuple[Any, Any]:
        """The instants of first arrivals and the numbers of arrivals, after one at `status`."""
        first, number = list(firsts), list(counts)
        for place in first_places[status]:
            if first[place] is None:
                first[place] = at
        for place in count_places[status]:
            number[place] += 1
        return first, number

    def advance(old: Any, change: Change) -> tuple[Entity | None, Transition | None]:
        values = change.values
        if values is None:
            return None, removal(old, change)
        past = None if old is None else astuple(old)
        if change.unavailable and past is not None:
            values = restored(past, change, values)
        status: str = values[status_at]
        created_at: int | None = values[created_index] if created_index is not None else None
        if created_at is None and old is not None:
            created_at = old.created_at
        if created_at is None and change.operation == "create":
            created_at = change.committed_at
        before = "" if old is None else old.status
        streamed = change.lsn > 0 and not (old is None and change.operation == "update")
        firsts, counts = nothing_yet if past is None else (past[reached_at], past[counts_at])
        if old is not None and status == before:
            since, observed = old.since, old.since_observed
        elif streamed:
            since, observed = change.committed_at, True
            if status in milestones:
                firsts, counts = arrived(status, since, firsts, counts)
        else:
            since, observed = stood_since(change, values, created_at), False
        copies = copy((*values, None) if sparse else values)
        for place, blank in blanks:
            if copies[place] is None:
                copies = (*copies[:place], blank, *copies[place + 1 :])
        closed = [since if status in among else None for among in closing] if status in closes else open_still
        new = entity(
            change.key, status, since, observed, *constants, *copies, created_at, *firsts, *closed, *counts
        )  # fmt: skip
        if status == before:
            return new, None
        spent = since - old.since if streamed and old is not None and old.since_observed else None
        fine = not streamed or (before, status) in legal or lifecycle.is_legal(before, status)
        origin = "stream" if streamed else "snapshot"
        return new, Transition(before, status, since, spent, fine, origin, change.lsn, new)

    return advance


def removal(old: Entity | None, change: Change) -> Transition | None:
    """Nothing happened to an entity that nobody has seen."""
    if old is None:
        return None
    spent = change.committed_at - old.since if old.since_observed else None
    return Transition(old.status, REMOVED, change.committed_at, spent, True, "stream", change.lsn, old)
