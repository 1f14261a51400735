"""What each alert is about, as series: figures at which all is well, and those at which it speaks.

Limits come from `thresholds.yaml`, so that whoever changes one need not change a test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from deploy.prometheus.alerts import DOMAINS
from deploy.prometheus.thresholds import Levels, load_thresholds

LIMITS: Final = load_thresholds()
Series = dict[str, float]
DAY: Final = 86_400


def well() -> Series:
    """Everything is known, and fine."""
    tables = [table for tables in DOMAINS.values() for table in tables]
    return {
        "techhub_figures_readable": 1,
        **{f'techhub_freshness_stalled{{table="{table}"}}': 0 for table in tables},
        **{f'techhub_freshness_lag_seconds{{table="{table}"}}': 0.5 for table in tables},
        'techhub_backlog_requests{service="S1",status="sent"}': 3,
        'techhub_backlog_requests{service="S1",status="correction"}': 900_000,  # waits for its author
        'techhub_backlog_oldest_age_seconds{service="S1",status="sent"}': 60,
        'techhub_backlog_oldest_age_seconds{service="S1",status="draft"}': 999 * DAY,
        'techhub_backlog_growth_requests{service="S1"}': -3,
        'techhub_t2approve_p90_seconds{service="S1"}': 60,
        'techhub_oldest_request_age_seconds{service="S1",request_id="17"}': 60,
        "techhub_booking_cancelled_share": 0.01,
        "techhub_bookings_started": 100,
        "techhub_booking_overlaps": 0,
        'techhub_content_backlog_oldest_age_seconds{content_type="event",status="sent"}': 60,
        'techhub_content_backlog_oldest_age_seconds{content_type="event",status="correction"}': 999 * DAY,
        "techhub_dead_letters": 4,
        "techhub_resync_required_tables": 0,
        'up{job="techhub-worker",instance="w0"}': 1,
        'techhub_worker_ready{instance="w0"}': 1,
        'techhub_worker_restarts_total{instance="w0"}': 2,
        "techhub_source_readable": 1,
        "techhub_slot_lost": 0,
        "techhub_slot_retained_bytes": 1000,
        "techhub_slot_safe_bytes": 1e12,
    }


@dataclass(frozen=True)
class Case:
    """At `series`, on top of all being well, the alert speaks; at `almost` it does not. `unknown`: who speaks when its
    figures are not there."""

    alert: str
    severity: str
    series: Series
    almost: Series
    unknown: str = "TechhubFiguresUnknown"


BY_LEVEL: Final[list[tuple[str, str, Levels, Callable[[float], float]]]] = [
    (
        "TechhubBacklogLarge", 'techhub_backlog_requests{service="S1",status="sent"}', LIMITS.requests.backlog,
        lambda limit: limit - 1,
    ),
    (
        "TechhubBacklogOld", 'techhub_backlog_oldest_age_seconds{service="S1",status="approved"}',
        LIMITS.requests.oldest, lambda limit: limit - 60,
    ),
    (
        "TechhubBacklogGrowing", 'techhub_backlog_growth_requests{service="S1"}', LIMITS.requests.growth,
        lambda limit: limit - 1,
    ),
    (
        "TechhubApprovalSlow", 'techhub_t2approve_p90_seconds{service="S1"}', LIMITS.requests.t2approve,
        lambda limit: limit - 60,
    ),
    ("TechhubCancellationsHigh", "techhub_booking_cancelled_share", LIMITS.rooms.cancelled, lambda limit: limit - 0.01),
    ("TechhubRoomOverlaps", "techhub_booking_overlaps", LIMITS.rooms.overlaps, lambda limit: limit - 1),
    (
        "TechhubModerationOld", 'techhub_content_backlog_oldest_age_seconds{content_type="blog",status="sent"}',
        LIMITS.content.oldest, lambda limit: limit - 60,
    ),
    (
        "TechhubPipelineBehind", 'techhub_freshness_lag_seconds{table="landing_page"}', LIMITS.pipeline.behind,
        lambda limit: limit - 1,
    ),
    (
        "TechhubSlotRetains", "techhub_slot_retained_bytes", LIMITS.pipeline.slot_retained_bytes,
        lambda limit: limit - 1000,
    ),
    ("TechhubSlotAtRisk", "techhub_slot_safe_bytes", LIMITS.pipeline.slot_safe_bytes, lambda limit: limit + 1000),
]  # fmt: skip


def levels() -> Iterator[Case]:
    for alert, series, limits, almost in BY_LEVEL:
        unknown = "TechhubSourceUnknown" if "slot" in series else "TechhubFiguresUnknown"
        for severity, limit in limits.items():
            yield Case(alert, severity, {series: limit}, {series: almost(limit)}, unknown)


STALLED: Final = 'techhub_freshness_stalled{table="booking_booking"}'
OTHER: Final = 'techhub_freshness_stalled{table="landing_page"}'
"""A table that no business alert is made of."""

CASES: Final = [
    *levels(),
    Case("TechhubFiguresUnknown", "critical", {"techhub_figures_readable": 0}, {}),
    Case("TechhubFiguresStale", "critical", {STALLED: 1}, {OTHER: 1}),
    Case(
        "TechhubFiguresMissing", "critical", {'techhub_query_failed{query="backlog",domain="operations"}': 1},
        {'techhub_query_failed{query="sms",domain="companies"}': 1},
    ),
    Case("TechhubMaintenance", "none", {"techhub_maintenance_remaining_seconds": 60}, {}),
    Case("TechhubNoWorker", "critical", {'up{job="techhub-worker",instance="w0"}': 0}, {
        'up{job="techhub-worker",instance="w1"}': 0}, "TechhubNoWorker"),
    Case(
        "TechhubWorkerDown", "warning", {'up{job="techhub-worker",instance="w1"}': 0},
        {'up{job="techhub-worker",instance="w1"}': 1}, "TechhubNoWorker",
    ),
    Case(
        "TechhubWorkerNotReady", "warning", {'techhub_worker_ready{instance="w1"}': 0},
        {'techhub_worker_ready{instance="w1"}': 1}, "TechhubNoWorker",
    ),
    Case("TechhubResyncRequired", "critical", {"techhub_resync_required_tables": 1}, {}),
    Case("TechhubSourceUnknown", "warning", {"techhub_source_readable": 0}, {}, "TechhubSourceUnknown"),
    Case("TechhubSlotLost", "critical", {"techhub_slot_lost": 1}, {}, "TechhubSourceUnknown"),
]  # fmt: skip
"""Alerts on growth over time, dead letters and restarts, have tests of their own."""
