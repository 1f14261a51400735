"""What applicants and reviewers do with requests. Each function builds one transaction; None: nothing to do it with."""

from dataclasses import replace

from deploy.local.source.base import CANARY, Row, document, long_text
from deploy.local.source.domains.service import FIRST, NEXT, form, request_status
from deploy.local.source.paths import Step, follow
from deploy.local.source.simulate.reviews import without_request
from deploy.local.source.simulate.statement import (
    Effect,
    Statement,
    Transaction,
    delete,
    delete_where,
    insert,
    update,
    update_where,
)
from deploy.local.source.simulate.world import Request, World

TABLE = "service_servicerequest"
HISTORY = "service_servicerequeststatus"
FORMS = "service_hubformdata"
BOUNCES = {"sent": "correction", "correction": "sent"}


def create_request(world: World) -> Transaction:
    now, random = world.clock(), world.random
    number, form_number = world.ids.next(TABLE), world.ids.next(FORMS)
    request = Request(follow(random, FIRST), world.users.pick(random), None, form_number)
    row: Row = {
        "id": number,
        "service_id": world.service(),
        "status": request.status,
        "author_id": request.author,
        "company_id": world.company(0.7),
        "assignee_id": None,
        "expert_id": None,
        "parent_id": world.request() if random.random() < 0.05 else None,
        "hub_form_data_id": form_number,
        "second_hub_form_data_id": None,
        "data": document({"note": CANARY}),
        "created_at": now,
        "updated_at": now,
    }
    text = long_text(random, 9_000) if random.random() < 0.05 else ""
    statements = (
        insert(FORMS, form(form_number, world.any("service_hubform"), now, text)),
        insert(TABLE, row),
        _recorded(world, number, request),
    )
    return Transaction("create_request", statements, (Effect(world.requests, number, request),))


def advance_request(world: World) -> Transaction | None:
    """One status further; the smaller the backlog, the likelier a new request is filed instead."""
    if world.random.random() * world.backlog > len(world.requests):
        return None
    number = world.request()
    if number is None:
        return None
    after = follow(world.random, NEXT[world.requests[number].status])
    return _walk(world, "advance_request", number, [after])


def rush_request(world: World) -> Transaction | None:
    """Several statuses of one request in one transaction."""
    number = world.request()
    if number is None:
        return None
    path = [world.requests[number].status]
    while path[-1] in NEXT and len(path) < 4:
        path.append(follow(world.random, NEXT[path[-1]]))
    return _walk(world, "rush_request", number, path[1:])


def bounce_request(world: World) -> Transaction | None:
    """There and back in one transaction: at its end the status is what it was."""
    number = world.request(*BOUNCES)
    if number is None:
        return None
    status = world.requests[number].status
    return _walk(world, "bounce_request", number, [BOUNCES[status], status])


def reassign_request(world: World) -> Transaction | None:
    """Another assignee or expert; now and then none at all."""
    number = world.request("sent", "correction", "approved")
    if number is None:
        return None
    request = world.requests[number]
    person = world.staff.pick(world.random) if world.random.random() < 0.9 else None
    if world.random.random() < 0.7:
        row: Row = {"assignee_id": person}
        request = replace(request, assignee=person)
    else:
        row = {"expert_id": person}
    change = update(TABLE, number, row | {"updated_at": world.clock()}, expected={"status": request.status})
    return Transaction("reassign_request", (change,), (Effect(world.requests, number, request),))


def edit_request(world: World) -> Transaction | None:
    """Other content, same status; every third time so much of it that PostgreSQL stores it out of line."""
    number = world.request()
    if number is None:
        return None
    request, now = world.requests[number], world.clock()
    large = world.random.random() < 0.33
    text = long_text(world.random, 9_000 + int(world.random.random() * 5_000)) if large else f"{now:%H:%M:%S}"
    row: Row = {"data": document({"note": CANARY, "text": text}), "updated_at": now}
    statements = [update(TABLE, number, row, expected={"status": request.status})]
    if request.form is not None and world.random.random() < 0.5:
        statements.append(update(FORMS, request.form, row))
    return Transaction("edit_request", tuple(statements), (Effect(world.requests, number, request),))


def delete_request(world: World) -> Transaction | None:
    """With its history and what it collected; what was filed under it stays."""
    number = world.request()
    if number is None:
        return None
    statements = (
        update_where(TABLE, "parent_id", number, {"parent_id": None}),
        delete_where(HISTORY, "service_request_id", number),
        *without_request(number),
        delete(TABLE, number, expected={"status": world.requests[number].status}),
    )
    return Transaction("delete_request", statements, (Effect(world.requests, number),))


def _walk(world: World, name: str, number: int, path: list[str]) -> Transaction:
    request = world.requests[number]
    statements: list[Statement] = []
    for status in path:
        row: Row = {"status": status, "updated_at": world.clock()}
        before, request = request.status, replace(request, status=status)
        if before == "sent" and request.assignee is None:
            request = replace(request, assignee=world.staff.pick(world.random))
            row["assignee_id"] = request.assignee
        statements += [
            update(TABLE, number, row, expected={"status": before}),
            _recorded(world, number, request),
        ]
    ended = request.status not in NEXT
    return Transaction(name, tuple(statements), (Effect(world.requests, number, None if ended else request),))


def _recorded(world: World, number: int, request: Request) -> Statement:
    by_author = request.status in ("draft", "created", "sent")
    step = Step(request.status, world.clock())
    who = request.author if by_author else request.assignee
    return insert(HISTORY, request_status(world.ids.next(HISTORY), number, who, step))
