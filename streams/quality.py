"""Data quality: rules over one entity or one row, and issues that stay open until the event that mends them.

What depends on several entities or on now (overlaps, orphans) is computed in views.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from schemas.contract import Table
from schemas.rows import Row, RowTable
from streams.bookings import LONGEST
from streams.entities import Booking

ILLEGAL: Final = "illegal_transition"
UNKNOWN: Final = "unknown_status"
BAD_VALUE: Final = "bad_value"

Findings = Mapping[str, str]
"""Rule -> detail of what is wrong now."""
Check = Callable[[Any], Findings]

DQ_ISSUES: Final = RowTable(
    "dq_issues",
    ("rule", "entity", "entity_id"),
    ("rule", "entity", "entity_id", "detail", "detected_at", "resolved_at", "_topic", "_partition", "_version"),
)
NOTHING: Final[Findings] = {}


def booking_findings(booking: Booking) -> Findings:
    start, end = booking.starts_at, booking.ends_at
    if start is None or end is None:
        return NOTHING
    if end <= start:
        return {"end_before_start": "end is not after start"}
    if end - start > LONGEST:
        return {"too_long": "longer than 31 days"}
    return NOTHING


CHECKS: Final[Mapping[str, tuple[tuple[str, ...], Check]]] = {
    "bookings": (("end_before_start", "too_long"), booking_findings),
}
"""By entity table: the rules that a check decides, and the check."""


def self_parent(id_: Any, parent_id: Any) -> Findings:
    return {"self_parent": "parent_id is the row itself"} if parent_id is not None and parent_id == id_ else NOTHING


def salary_range(low: float | None, high: float | None) -> Findings:
    if (low is not None and low < 0) or (high is not None and high < 0):
        return {"salary_range": "negative"}
    if low is not None and high is not None and low > high:
        return {"salary_range": "salary_min is above salary_max"}
    return NOTHING


RowCheck = Callable[[Row], Findings]

ROW_CHECKS: Final[Mapping[str, tuple[str, tuple[str, str], Callable[..., Findings]]]] = {
    "service_servicerequest": ("self_parent", ("id", "parent_id"), self_parent),
    "core_comment": ("self_parent", ("id", "parent_id"), self_parent),
    "core_vacancy": ("salary_range", ("salary_min", "salary_max"), salary_range),
}
"""By captured table, with or without a lifecycle: the rule, the two columns it looks at, and the check."""


def row_check(table: Table) -> tuple[tuple[str, ...], RowCheck | None]:
    """The rules over rows of the table, and the check; none where the contract lacks a column of them."""
    names = [column.name for column in table.columns]
    rule, columns, check = ROW_CHECKS.get(table.name, ("", ("", ""), None))
    if check is None or not set(columns) <= set(names):
        return (), None
    decide, (one, other) = check, map(names.index, columns)
    return (rule,), lambda row: decide(row[one], row[other])


def unknown_status(status: str) -> Findings:
    return {UNKNOWN: f"status {status!r} is not in the lifecycle"}


IssueRow = tuple[int, str, int, int | None]


class Issues:
    """The issues of one partition, in memory: (rule, entity id) -> (version, detail, detected_at, resolved_at).

    Invariant: a row is a function of the entity's events below its version.
    """

    def __init__(self, entity: str, topic: str, partition: int) -> None:
        self.entity = entity
        self.tail = (topic, partition)
        self.rows: dict[tuple[str, str], IssueRow] = {}
        self.known: set[str] = set()
        """Entities that ever had an issue: all others need no look."""

    def judge(
        self,
        offset: int,
        at: int,
        key: Any,
        rules: Collection[str],
        found: Findings,
        staged: dict[Any, tuple[Any, ...]],
    ) -> None:
        """Opens, updates or resolves the issues of `rules` for one entity after the event at `offset`."""
        if not found and str(key) not in self.known:
            return
        entity_id = str(key)
        for rule in rules:
            row = self.rows.get((rule, entity_id))
            if row is not None and offset < row[0]:
                continue
            detail = found.get(rule)
            open_row = row if row is not None and row[3] is None else None
            new: IssueRow
            if open_row is None:
                if detail is None:
                    continue
                new = (offset + 1, detail, at, None)
            elif detail is None:
                new = (offset + 1, open_row[1], open_row[2], at)
            elif detail != open_row[1]:
                new = (offset + 1, detail, open_row[2], None)
            else:
                continue
            self.known.add(entity_id)
            self.rows[rule, entity_id] = new
            staged[rule, entity_id] = (rule, self.entity, entity_id, *new[1:], *self.tail, new[0])

    def open_detail(self, rule: str, key: Any) -> str:
        """What is wrong now; empty if nothing is."""
        row = self.rows.get((rule, str(key)))
        return row[1] if row is not None and row[3] is None else ""

    def load(self, rows: Any) -> None:
        """Rows as the table has them (`DQ_ISSUES.columns`)."""
        for rule, _, entity_id, detail, detected_at, resolved_at, _, _, version in rows:
            self.rows[rule, entity_id] = (version, detail, detected_at, resolved_at)
            self.known.add(entity_id)
