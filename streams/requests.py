"""Measures of service requests."""

from schemas.lifecycles import load_lifecycles
from streams.entities import Request
from streams.lifecycle import Transition
from streams.measures import NONE, Contributions, flow, hour_of, stock

TERMINAL = load_lifecycles()["requests"].terminal


@stock(
    "request_backlog", key=("service", "status", "assignee_id"), values=("requests",),
    history="request_backlog_1h", history_drops=("assignee_id",),
)  # fmt: skip
def request_backlog(request: Request) -> Contributions:
    """Requests that wait for somebody, by service, status and assignee (0: nobody)."""
    if request.status in TERMINAL:
        return NONE
    return [((request.service, request.status, request.assignee_id or 0), (1,))]


@flow(
    "request_flow_1h", key=("hour", "service", "from_status", "to_status"),
    values=("transitions", "observed", "microseconds_in_from"),
)  # fmt: skip
def request_flow(transition: Transition) -> Contributions:
    """Transitions per hour as the stream saw them, and the time that was spent before them."""
    if transition.origin != "stream":
        return NONE
    key = (hour_of(transition.at), transition.entity.service, transition.before, transition.after)
    return [(key, (1, int(transition.spent is not None), transition.spent or 0))]
