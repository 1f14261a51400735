"""Measures of service requests."""

from collections.abc import Iterator

from schemas.lifecycles import load_lifecycles
from streams.entities import Request
from streams.lifecycle import Transition
from streams.measures import Contribution, flow, hour_of, stock

TERMINAL = load_lifecycles()["requests"].terminal


@stock(
    "request_backlog", key=("service", "status", "assignee_id"), values=("requests",),
    history="request_backlog_1h", history_drops=("assignee_id",),
)  # fmt: skip
def request_backlog(request: Request) -> Iterator[Contribution]:
    """Requests that wait for somebody, by service, status and assignee (0: nobody)."""
    if request.status not in TERMINAL:
        yield (request.service, request.status, request.assignee_id or 0), (1,)


@flow(
    "request_flow_1h", key=("hour", "service", "from_status", "to_status"),
    values=("transitions", "observed", "microseconds_in_from"),
)  # fmt: skip
def request_flow(transition: Transition) -> Iterator[Contribution]:
    """Transitions per hour as the stream saw them, and the time that was spent before them."""
    if transition.origin == "stream":
        key = (hour_of(transition.at), transition.entity.service, transition.before, transition.after)
        yield key, (1, int(transition.spent is not None), transition.spent or 0)
