"""Which dashboards there are, and which queries of the catalogue each shows. Data; `dashboards.py` builds them."""

from dataclasses import dataclass
from typing import Final

from deploy.grafana.panels import Shown


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard: its uid never changes; `span` is the time range it opens with."""

    uid: str
    title: str
    description: str
    span: tuple[str, str]
    variables: tuple[str, ...]
    rows: tuple[Row, ...]


HERE: Final = "/d/techhub-operations?${__url_time_range}&var-service=${__value.raw}"
ROOM: Final = "/d/techhub-rooms?${__url_time_range}&var-room=${__value.raw}"

OPERATIONS: Final = Board(
    "techhub-operations",
    "Operations",
    "Requests that wait, how they flow, how long they take, and with whom they lie.",
    ("now-7d", "now"),
    ("service", "period"),
    (
        Row("Backlog", (
            Shown("backlog_total", 24, 4),
            Shown("backlog", 14, 10, ("service", "title_en", "status", "requests", "oldest_age_seconds"), link=HERE),
            Shown("backlog_assignees", 10, 10, ("assignee_id", "requests")),
            Shown("backlog_trend", 12), Shown("backlog_trend_services", 12),
            Shown("backlog_growth", 24, 7, ("service", "growth")),
        )),
        Row("Flow", (Shown("flow", 24), Shown("flow_hourly", 24))),
        Row("Funnel and outcomes", (
            Shown("funnel", 8), Shown("funnel_daily", 16), Shown("conversion", 12), Shown("outcomes", 12),
        )),
        Row("Durations", (
            Shown("duration_t2approve"), Shown("duration_t2success"),
            Shown("t2approve_services", 8, 8, ("service", "worst_p90_seconds")), Shown("durations", 16),
        )),
        Row("People and requests", (
            Shown("reviewer_load", 10, 10), Shown("request_reviews", 14, 10), Shown("requests_open", 24, 12),
            Shown("request_changes", 24, 8),
        )),
    ),
)  # fmt: skip

ROOMS: Final = Board(
    "techhub-rooms",
    "Rooms",
    "Which rooms are free, who overlaps with whom, how much rooms are used, how many bookings are cancelled.",
    ("now/d", "now/d"),
    ("room",),
    (
        Row("Now", (
            Shown("rooms_total", 8, 4), Shown("overlaps_total", 8, 4), Shown("cancellations", 8, 4, last="30d"),
            Shown("rooms_now", 12, 10, link=ROOM),
            Shown("room_day", 12, 10, ("starts_at", "ends_at", "room", "booking_id")),
            Shown("overlaps", 24, 7),
        )),
        Row("Use", (
            Shown("room_hours", 12, 8, ("hour", "room", "utilisation"), last="7d"),
            Shown("room_utilisation", 12, 8, ("room", "utilisation"), last="7d"),
        )),
        Row("Outcomes", (
            Shown("booking_outcomes", 12, 8, ("day", "bookings", "cancelled", "finished"), last="30d"),
            Shown("booking_companies", 12, last="30d"), Shown("booking_durations", 24, last="30d"),
        )),
    ),
)  # fmt: skip

CONTENT: Final = Board(
    "techhub-content",
    "Content",
    "What waits for moderation, what was published, and how it is received; events, vacancies, companies.",
    ("now-30d", "now"),
    ("type",),
    (
        Row("Moderation", (
            Shown("content_backlog"), Shown("content_trend"), Shown("content_flow"), Shown("publications"),
        )),
        Row("Events", (
            Shown("events_upcoming"), Shown("event_engagement"), Shown("registrations"), Shown("organisers"),
        )),
        Row("Blogs, articles, comments, feed", (
            Shown("content_engagement"), Shown("content_authors"),
            Shown("comments", 12, 8, ("day", "source", "comments")), Shown("feed_top"), Shown("feed_daily"),
            Shown("landing"), Shown("media"),
        )),
        Row("Vacancies", (Shown("vacancies_total", 24, 4), Shown("vacancies"), Shown("vacancy_market"))),
        Row("Companies and people", (
            Shown("companies"), Shown("company_tags"), Shown("company_activity", 24, 10), Shown("company_flow"),
            Shown("memberships"), Shown("users"), Shown("people_daily"), Shown("actions"), Shown("sms"),
        )),
    ),
)  # fmt: skip

TECHORDA: Final = Board(
    "techhub-techorda",
    "TechOrda",
    "Courses, schools and flows: who applied, who learns, who finished, what was reported.",
    ("now-30d", "now"),
    (),
    (
        Row("In all", (Shown("techorda_total", 24, 4),)),
        Row("Schools, courses, flows", (
            Shown("techorda_schools", 24, 10), Shown("techorda_courses", 24, 12), Shown("techorda_flows", 24, 8),
        )),
    ),
)  # fmt: skip

PIPELINE: Final = Board(
    "techhub-pipeline",
    "Pipeline",
    "How old the figures are, what could not be read, what is wrong with the data, what happened to the workers.",
    ("now-1h", "now"),
    ("period",),
    (
        Row("Health", (Shown("resync_total", 12, 4), Shown("dead_letters_total", 12, 4))),
        Row("Freshness", (Shown("freshness", 14, 14), Shown("watermarks", 10, 14), Shown("resync", 24, 6))),
        Row("Activity", (Shown("activity"), Shown("activity_tables"))),
        Row("What is wrong", (
            Shown("dead_letters_by_reason"), Shown("dead_letters"), Shown("dq"), Shown("dq_recent"),
            Shown("dq_orphans"), Shown("worker_events"),
        )),
    ),
)  # fmt: skip

BOARDS: Final = (OPERATIONS, ROOMS, CONTENT, TECHORDA, PIPELINE)

ELSEWHERE: Final = {
    "freshness_total": "on top of each dashboard",
    "service_titles": "lists the variable service",
    "pulse": "tells the live page what is new",
    "maintenance": "a banner of the live page",
    "oldest_requests": "what alerts name",
    "tables_stalled": "for alerts; freshness shows it in words",
}
"""Queries that no board names, and where they are."""
