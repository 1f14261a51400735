"""Thresholds -> alerts: what is watched, from when on, and what whoever is told needs to know.

Flows in: `thresholds.yaml`. Flows out: `Alert`s, pure data. Three categories, told apart by a label:

    business   backlogs, rooms, content. Silent while figures are unknown or stale, and in maintenance
    pipeline   worker, source, dead letters, resync
    freshness  nobody can say how things stand; speaks instead of `business`
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from deploy.prometheus.thresholds import Levels, Requests, Thresholds
from schemas.lifecycles import load_lifecycles

DOMAINS: Final = {
    "operations": ("service_servicerequest", "service_servicerequeststatus"),
    "rooms": ("booking_booking",),
    "content": ("core_event", "core_vacancy", "core_blog", "core_article"),
}
"""Tables that the business alerts of a domain are made of: where one is stale, they are."""

OLDEST: Final = (
    'Oldest: {{ range query (printf "sort_desc(topk(3, max by (request_id) '
    '(techhub_oldest_request_age_seconds{service=%q})))" $labels.service) }}'
    "request {{ .Labels.request_id }} for {{ humanizeDuration .Value }}; {{ end }}"
)
OPEN: Final = (
    "SELECT request_id, status, since FROM v_requests_open WHERE waiting_on = 'staff' "
    "AND service = '{{ $labels.service }}' ORDER BY since LIMIT 10"
)


@dataclass(frozen=True, slots=True)
class Alert:
    """`query` is SQL over the views that shows what the alert is about; `wait`: how long it must hold."""

    name: str
    category: str
    severity: str
    expr: str
    summary: str
    query: str
    description: str = ""
    wait: str = "5m"
    keep: str = ""
    """How long it goes on after its last sample, so that a moment without figures is not told as the end of it."""
    labels: Mapping[str, str] = field(default_factory=dict)


def alerts(thresholds: Thresholds) -> list[Alert]:
    return [
        *freshness(thresholds), *requests(thresholds), *rooms(thresholds), *content(thresholds), *worker(thresholds),
        *source(thresholds),
    ]  # fmt: skip


def waiting(entity: str) -> str:
    """The statuses in which somebody of the staff is waited for, as a regular expression."""
    lifecycle = next(each for each in load_lifecycles().values() if each.entity == entity)
    return "|".join(sorted(status for status, who in lifecycle.waiting_on.items() if who == "staff"))


def business(
    name: str, domain: str, severity: str, expr: str, summary: str, query: str, description: str = ""
) -> Alert:
    return Alert(name, "business", severity, expr, summary, query, description, keep="5m", labels={"domain": domain})


# -- figures that nobody knows ----------------------------------------------------------------------------------------


OUTLAST: Final = "3m"
"""What keeps business alerts silent outlasts its own figures until `TechhubFiguresUnknown` speaks, after one minute."""


def freshness(thresholds: Thresholds) -> Iterator[Alert]:
    tables = "SELECT `table`, state, lag_seconds, resync_reason FROM v_freshness ORDER BY lag_seconds DESC"
    yield Alert(
        "TechhubFiguresUnknown", "freshness", "critical", "absent(techhub_figures_readable == 1)",
        "nobody can say how things stand: no live page answers, or it cannot read ClickHouse", tables, wait="1m",
        keep=OUTLAST,
    )  # fmt: skip
    for domain, names in DOMAINS.items():
        yield Alert(
            "TechhubFiguresStale", "freshness", "critical",
            f'max(techhub_freshness_stalled{{table=~"{"|".join(names)}"}}) == 1',
            f"the figures about {domain} are stale: they are unknown, not fine",
            tables, wait=f"{thresholds.pipeline.stale:.0f}s", keep=OUTLAST, labels={"domain": domain},
        )  # fmt: skip
        yield Alert(
            "TechhubFiguresMissing", "freshness", "critical", f'max(techhub_query_failed{{domain="{domain}"}}) == 1',
            f"a query about {domain} fails: its figures are unknown, not fine", tables, wait="1m", keep=OUTLAST,
            labels={"domain": domain},
        )  # fmt: skip
    yield Alert(
        "TechhubMaintenance", "maintenance", "none", "max(techhub_maintenance_remaining_seconds) > 0",
        "maintenance is announced: alerts on business figures are silent",
        "SELECT * FROM maintenance FINAL WHERE ends_at > now()", wait="0s", keep=OUTLAST,
    )  # fmt: skip


# -- business ---------------------------------------------------------------------------------------------------------

STAFF: Final = waiting("requests")
REQUESTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "backlog": (
        "TechhubBacklogLarge",
        f'sum by (service) (max by (service, status) (techhub_backlog_requests{{status=~"{STAFF}",CHOSEN}}))',
        "service {{ $labels.service }}: {{ $value }} requests wait for staff",
    ),
    "oldest": (
        "TechhubBacklogOld",
        f'max by (service) (techhub_backlog_oldest_age_seconds{{status=~"{STAFF}",CHOSEN}})',
        "service {{ $labels.service }}: a request has waited for staff for {{ humanizeDuration $value }}",
    ),
    "growth": (
        "TechhubBacklogGrowing",
        "max by (service) (techhub_backlog_growth_requests{CHOSEN})",
        "service {{ $labels.service }}: {{ $value }} more open requests than a day ago",
    ),
    "t2approve": (
        "TechhubApprovalSlow",
        "max by (service) (techhub_t2approve_p90_seconds{CHOSEN})",
        "service {{ $labels.service }}: 90 % of approvals took up to {{ humanizeDuration $value }} on the worst day",
    ),
}


def requests(thresholds: Thresholds) -> Iterator[Alert]:
    for kind, (name, expr, summary) in REQUESTS.items():
        for severity in ("warning", "critical"):
            conditions = [
                f"{expr.replace('CHOSEN', chosen)} >= {limit:g}"
                for chosen, levels in by_service(kind, thresholds)
                if (limit := getattr(levels, severity)) is not None
            ]
            if conditions:
                yield business(name, "operations", severity, " or ".join(conditions), summary, OPEN, OLDEST)


def by_service(kind: str, thresholds: Thresholds) -> Iterator[tuple[str, Levels]]:
    """A matcher of services, and their levels: those with a line of their own, then all others."""
    own = {code: said(kind, line) for code, line in thresholds.services.items() if kind in line.model_fields_set}
    for code, levels in own.items():
        yield f'service="{code}"', levels
    others = "|".join(code.replace(".", "[.]") for code in own)
    yield f'service!~"{others}"' if own else "", said(kind, thresholds.requests)


def said(kind: str, line: Requests) -> Levels:
    levels: Levels = getattr(line, kind)
    return levels


def rooms(thresholds: Thresholds) -> Iterator[Alert]:
    limits = thresholds.rooms
    for severity, limit in limits.cancelled.items():
        yield business(
            "TechhubCancellationsHigh", "rooms", severity,
            f"max(techhub_booking_cancelled_share) >= {limit:g} "
            f"and max(techhub_bookings_started) >= {limits.cancelled_of}",
            "{{ humanizePercentage $value }} of the last week's bookings were cancelled",
            "SELECT day, sum(cancelled) AS cancelled, sum(bookings) AS bookings FROM v_booking_outcomes_daily "
            "GROUP BY day ORDER BY day DESC LIMIT 8",
        )  # fmt: skip
    for severity, limit in limits.overlaps.items():
        yield business(
            "TechhubRoomOverlaps", "rooms", severity, f"max(techhub_booking_overlaps) >= {limit:g}",
            "{{ $value }} pairs of bookings share a room at one time",
            "SELECT room_id, booking_a, booking_b, overlap_from, overlap_to FROM v_booking_overlaps "
            "WHERE overlap_to > now() ORDER BY overlap_from LIMIT 20",
        )  # fmt: skip


def content(thresholds: Thresholds) -> Iterator[Alert]:
    moderated = waiting("content_items")
    for severity, limit in thresholds.content.oldest.items():
        yield business(
            "TechhubModerationOld", "content", severity,
            "max by (content_type) (techhub_content_backlog_oldest_age_seconds"
            f'{{status=~"{moderated}"}}) >= {limit:g}',
            "{{ $labels.content_type }}: something has waited for moderation for {{ humanizeDuration $value }}",
            "SELECT content_type, status, items, oldest_age_seconds FROM v_content_backlog "
            "WHERE content_type = '{{ $labels.content_type }}'",
        )  # fmt: skip


# -- pipeline ---------------------------------------------------------------------------------------------------------

EVENTS: Final = "SELECT at, worker, event, detail FROM worker_events ORDER BY at DESC LIMIT 20"
MARKS: Final = "SELECT `table`, state, seen_until, lag_seconds FROM v_freshness ORDER BY lag_seconds DESC LIMIT 20"


def worker(thresholds: Thresholds) -> Iterator[Alert]:
    for severity, limit in thresholds.pipeline.behind.items():
        yield pipeline(
            "TechhubPipelineBehind", severity, f"max(techhub_freshness_lag_seconds) >= {limit:g}",
            "the oldest table is {{ humanizeDuration $value }} behind the source", MARKS, wait="1m",
        )  # fmt: skip
    yield pipeline(
        "TechhubNoWorker", "critical", 'absent(up{job="techhub-worker"} == 1)', "no worker answers", EVENTS, wait="1m"
    )
    yield pipeline(
        "TechhubWorkerDown", "warning", 'up{job="techhub-worker"} == 0',
        "worker {{ $labels.instance }} does not answer", EVENTS, wait="2m",
    )  # fmt: skip
    yield pipeline(
        "TechhubWorkerNotReady", "warning", "techhub_worker_ready == 0",
        "worker {{ $labels.instance }} is not ready; its /readyz says why", EVENTS, wait="2m",
    )  # fmt: skip
    yield pipeline(
        "TechhubWorkerRestarts", "warning",
        f"increase(techhub_worker_restarts_total[15m]) > {thresholds.pipeline.restarts}",
        "worker {{ $labels.instance }} was started again {{ $value }} times in 15 minutes", EVENTS, wait="0s",
    )  # fmt: skip
    yield pipeline(
        "TechhubDeadLetters", "warning", "max(delta(techhub_dead_letters[15m])) > 0",
        "{{ $value }} records could not be read in the last 15 minutes",
        "SELECT topic, partition, offset, reason, received_at FROM dead_letters FINAL ORDER BY received_at DESC",
        wait="0s",
    )  # fmt: skip
    yield pipeline(
        "TechhubResyncRequired", "critical", "max(techhub_resync_required_tables) > 0",
        "{{ $value }} tables may miss changes until they are repaired",
        "SELECT `table`, reason, command FROM resync_required FINAL WHERE resolved_at IS NULL", wait="0s",
    )  # fmt: skip


def source(thresholds: Thresholds) -> Iterator[Alert]:
    limits = thresholds.pipeline
    yield pipeline(
        "TechhubSourceUnknown", "warning", "absent(techhub_source_readable == 1)",
        "nobody looks at the replication slot: the live page has no DSN of PostgreSQL, or cannot reach it", MARKS,
    )  # fmt: skip
    yield pipeline(
        "TechhubSlotLost", "critical", "max(techhub_slot_lost) == 1",
        "the replication slot is gone or was invalidated: changes are being lost", MARKS, wait="0s",
    )  # fmt: skip
    for severity, limit in limits.slot_retained_bytes.items():
        yield pipeline(
            "TechhubSlotRetains", severity, f"max(techhub_slot_retained_bytes) >= {limit:.0f}",
            "the replication slot keeps {{ humanize1024 $value }}B of WAL on the source's disk", MARKS, wait="1m",
        )  # fmt: skip
    for severity, limit in limits.slot_safe_bytes.items():
        yield pipeline(
            "TechhubSlotAtRisk", severity, f"min(techhub_slot_safe_bytes) <= {limit:.0f}",
            "PostgreSQL gives the replication slot up after {{ humanize1024 $value }}B more WAL", MARKS, wait="1m",
        )  # fmt: skip


def pipeline(name: str, severity: str, expr: str, summary: str, query: str, wait: str = "5m") -> Alert:
    return Alert(name, "pipeline", severity, expr, summary, query, wait=wait)
