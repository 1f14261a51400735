"""What requests collect: logs, expertises, votes, reports, protocols. None: nothing to do it with."""

from deploy.local.source.base import Row
from deploy.local.source.domains.service_reviews import REVIEWS, protocol
from deploy.local.source.paths import follow
from deploy.local.source.simulate.statement import (
    Effect,
    Statement,
    Transaction,
    delete_where,
    insert,
    update,
    update_where,
)
from deploy.local.source.simulate.world import World

SHARES = {
    "service_servicerequestlog": 45,
    "service_expertise": 8,
    "service_vote": 129,
    "service_report": 131,
    "service_seedmoneyreport": 2,
    "service_externalrequest": 2,
}
DECIDED = {"approved": "service_protocol_accepted", "success": "service_protocol_accepted"}


def review_request(world: World) -> Transaction | None:
    request = world.request("sent", "correction", "approved")
    if request is None:
        return None
    table = follow(world.random, SHARES)
    number, who = world.ids.next(table), world.staff.pick(world.random)
    row = REVIEWS[table](world.random, number, request, who, world.clock())
    if table == "service_vote":
        row["hub_form_data_id"] = world.requests[request].form
    pending = table == "service_report" and row["status"] in ("sent", "correction")
    effects = (Effect(world.rows[table], number, True),) if pending else ()
    return Transaction("review_request", (insert(table, row),), effects)


def accept_report(world: World) -> Transaction | None:
    number = world.any("service_report")
    if number is None:
        return None
    row: Row = {"status": "success", "updated_at": world.clock()}
    change = update("service_report", number, row)
    return Transaction("accept_report", (change,), (Effect(world.rows["service_report"], number),))


def hold_protocol(world: World) -> Transaction | None:
    """A protocol that decides up to three requests of a service."""
    requests = {request for request in (world.request("sent", "approved") for _ in range(3)) if request is not None}
    if not requests:
        return None
    number = world.ids.next("service_protocol")
    statements = [insert("service_protocol", protocol(number, world.service(), world.clock()))]
    for request in sorted(requests):
        table = DECIDED.get(world.requests[request].status, "service_protocol_rejected")
        row: Row = {"id": world.ids.next(table), "protocol_id": number, "servicerequest_id": request}
        statements.append(insert(table, row))
    return Transaction("hold_protocol", tuple(statements))


def without_request(request: int) -> tuple[Statement, ...]:
    """What has to happen to these rows before a request can be deleted."""
    return (
        *(delete_where(table, "service_request_id", request) for table in REVIEWS),
        delete_where("service_protocol_accepted", "servicerequest_id", request),
        delete_where("service_protocol_rejected", "servicerequest_id", request),
        update_where("service_techordastudent", "service_request_id", request, {"service_request_id": None}),
        update_where("service_techordareport", "service_request_id", request, {"service_request_id": None}),
    )
