"""The pages: which queries of the catalogue they show, how each wants to be seen, and how often it is read again. Data.

Titles, columns, units, thresholds and the tables that a card is made of are the catalogue's. Shapes are drawn by
`static/shapes.js`, which knows each by its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sinks.parameters import Value

CAPTURED_NAMES: Final = ("room",)
"""Never leave the server: names come from the operators' labels."""
QUICK: Final = 0.5
STEADY: Final = 2.0
HEAVY: Final = 4.0
"""Seconds between two reads of a card while its tables move."""


@dataclass(frozen=True, slots=True)
class Card:
    """`name` tells cards of one query apart, and `words.yaml` may have a title for it; `columns` of 12 on a laptop."""

    query: str
    shape: str
    columns: int
    name: str = ""
    tall: bool = False
    """As tall as two others beside it."""
    floor: float = STEADY
    every: float = 10.0
    """Seconds after which it is read though no table moved: what depends on now, and what no log tells."""
    without: tuple[str, ...] = ()
    """Columns of the query that this card leaves out."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Parameters that the filters of the page do not change."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.query)

    def shown(self, columns: Iterable[str]) -> list[int]:
        """Places of the columns that are shown."""
        return [place for place, name in enumerate(columns) if name not in (*self.without, *CAPTURED_NAMES)]


@dataclass(frozen=True, slots=True)
class Page:
    """`filters`: what may be chosen in its head, in this order; more may be in the address."""

    cards: tuple[Card, ...]
    filters: tuple[str, ...] = ()


SERVICES: Final = Card("service_titles", "hidden", 0, floor=30.0, every=300.0)
"""What the filters and links call a service."""

PAGES: Final[dict[str, Page]] = {
    "operations": Page(
        (
            SERVICES,
            Card("backlog_total", "tiles", 6, floor=QUICK),
            Card("funnel", "tiles", 6, name="today", values={"from_day": "today", "to_day": "today"}),
            Card("backlog", "backlog", 7, tall=True, floor=QUICK),
            Card("backlog_trend", "area", 5),
            Card("flow", "bars", 5, values={"since": "now-1h"}),
            Card("funnel", "funnel", 4),
            Card("duration_t2approve", "lines", 4, floor=HEAVY),
            Card("duration_t2success", "lines", 4, floor=HEAVY),
            Card("reviewer_load", "table", 5),
            Card("outcomes", "table", 7, floor=HEAVY, without=("service", "total")),
        ),
        ("services", "statuses", "waiting", "period"),
    ),
    "rooms": Page(
        (
            Card("rooms_total", "tiles", 4, floor=QUICK, every=5.0),
            Card("overlaps_total", "tiles", 3, every=5.0),
            Card("cancellations", "tiles", 5),
            Card("rooms_now", "board", 12, floor=QUICK, every=5.0),
            Card("room_day", "timeline", 12, values={"since": "today"}),
            Card("overlaps", "table", 6, every=5.0, values={"since": "now"}),
            Card("room_utilisation", "meters", 6, floor=HEAVY),
            Card(
                "booking_outcomes",
                "lines",
                12,
                floor=HEAVY,
                without=("finished", "cancelled_share"),
            ),
        ),
        ("rooms", "period"),
    ),
    "content": Page(
        (
            Card("content_backlog", "table", 7, floor=QUICK, without=("oldest_since",)),
            Card("content_trend", "area", 5),
            Card("content_flow", "bars", 6),
            Card("publications", "bars", 6),
            Card(
                "events_upcoming",
                "table",
                8,
                floor=HEAVY,
                without=("event_type", "ends_at", "company_id", "organization_id", "status"),
            ),
            Card("registrations", "bars", 4, floor=HEAVY),
        ),
        ("types", "period"),
    ),
    "vacancies": Page(
        (
            Card("vacancies_total", "tiles", 12, floor=QUICK),
            Card("vacancy_market", "table", 6, without=("city_id",)),
            Card("vacancies", "table", 6, without=("city_id", "company_id")),
        ),
    ),
    "techorda": Page(
        (
            Card("techorda_total", "tiles", 12, floor=QUICK),
            Card("techorda_flows", "table", 12),
            Card("techorda_schools", "table", 5, without=("report_students",)),
            Card("techorda_courses", "table", 7, without=("flow_id", "report_students", "favourites")),
        ),
    ),
    "pipeline": Page(
        (
            Card("freshness_total", "tiles", 8, every=1.0),
            Card("dead_letters_total", "tiles", 4, every=2.0),
            Card("resync", "table", 12, every=2.0),
            Card("freshness", "states", 12, every=1.0),
            Card("activity", "bars", 6, every=2.0),
            Card("dq", "table", 6, floor=HEAVY, every=HEAVY),
            Card("dead_letters_by_reason", "table", 6, every=HEAVY),
            Card("worker_events", "table", 6, every=HEAVY),
        ),
    ),
    "requests": Page(
        (
            SERVICES,
            Card(
                "requests_open",
                "table",
                12,
                floor=QUICK,
                without=("service", "parent_id", "children", "form_1_filled", "form_2_filled"),
                values={"limit": 500},
            ),
        ),
        ("services", "statuses", "waiting", "companies", "assignees"),
    ),
}
