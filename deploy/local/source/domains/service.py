"""The catalogue of services, requests for them, the forms behind the requests and the history of their statuses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from deploy.local.source.base import (
    CANARY,
    YEARS,
    Base,
    Row,
    Table,
    document,
    instants,
    long_text,
    zipf,
)
from deploy.local.source.paths import Step, recorded, walk
from deploy.local.source.phrases import service_title

NEXT: dict[str, dict[str, int]] = {
    "draft": {"created": 25, "sent": 75},
    "created": {"sent": 92, "reject": 4, "rejected": 4},
    "sent": {"approved": 56, "correction": 24, "reject": 12, "rejected": 8},
    "correction": {"sent": 94, "reject": 3, "rejected": 3},
    "approved": {"success": 92, "reject": 4, "rejected": 4},
}
"""What follows an open status, and how often; a status that is not here is terminal."""

FIRST = {"draft": 45, "sent": 55}


@dataclass(frozen=True, slots=True)
class Filed:
    """A request of the base data set with the statuses it went through."""

    id: int
    service: str
    author: int
    assignee: int | None
    steps: Sequence[Step]


def tables(base: Base) -> Iterator[Table]:
    yield Table("service_service", _services(base))
    filed = _filed(base)
    yield Table("service_hubformdata", _forms(base, filed))
    yield Table("service_servicerequest", _requests(base, filed))
    yield Table("service_servicerequeststatus", _history(base, filed))


def service_code(number: int) -> str:
    return f"S{number + 1:03d}"


def service(random: Random, number: int, organization: int | None, hub_form: int | None, at: datetime) -> Row:
    """Every tenth has a description that PostgreSQL stores out of line."""
    description = long_text(random, 9_000) if number % 10 == 9 else f"{service_title(number)['ru']}: описание"
    return {
        "code": service_code(number),
        "data": document({"name": service_title(number), "description": {"ru": description}}),
        "organization_id": organization,
        "hub_form_id": hub_form,
        "second_hub_form_id": None,
        "page_id": None,
        "is_active": random.random() < 0.9,
        "created_at": at,
        "updated_at": at,
    }


def form(number: int, hub_form: int | None, at: datetime, text: str = "") -> Row:
    return {
        "id": number,
        "hub_form_id": hub_form,
        "data": document({"applicant": CANARY, "amount": number % 1000 * 1000, "text": text}),
        "created_at": at,
        "updated_at": at,
    }


def request_status(number: int, request: int, who: int | None, step: Step) -> Row:
    return {
        "id": number,
        "service_request_id": request,
        "user_id": who,
        "status": step.status,
        "comment": CANARY if step.status == "correction" else "",
        "created_at": step.at,
    }


def _services(base: Base) -> Iterator[Row]:
    random = base.random("service_service")
    for n in range(base.rows("service_service")):
        at = base.now - 2 * YEARS + timedelta(days=n)
        yield service(random, n, base.one(random, "core_organization"), n % base.rows("service_hubform") + 1, at)


def _filed(base: Base) -> list[Filed]:
    random, volumes = base.random("service_servicerequest"), base.volumes
    codes, count = [service_code(n) for n in range(base.rows("service_service"))], base.rows("service_servicerequest")
    random.shuffle(codes)
    services = random.choices(codes, cum_weights=zipf(len(codes)), k=count)
    created = instants(random, count, base.now - YEARS, base.now - timedelta(minutes=1))
    filed = []
    for n, at in enumerate(created):
        steps = walk(random, FIRST, NEXT, at, base.now)
        untouched = steps[-1].status in ("draft", "created") or random.random() < 0.08
        assignee = None if untouched else reviewer(random, volumes.staff)
        filed.append(Filed(n + 1, services[n], random.randint(1, volumes.users), assignee, steps))
    return filed


def reviewer(random: Random, staff: int) -> int:
    """A few of the staff get most of the work."""
    return int(staff * random.random() ** 2) + 1


def _forms(base: Base, filed: list[Filed]) -> Iterator[Row]:
    """One for each request, then the second ones."""
    for n in range(base.rows("service_hubformdata")):
        yield form(n + 1, n % base.rows("service_hubform") + 1, filed[n % len(filed)].steps[0].at)


def _requests(base: Base, filed: list[Filed]) -> Iterator[Row]:
    random, volumes = base.random("service_servicerequest:columns"), base.volumes
    for request in filed:
        second = request.id + len(filed)
        yield {
            "id": request.id,
            "service_id": request.service,
            "status": request.steps[-1].status,
            "author_id": request.author,
            "company_id": random.randint(1, volumes.companies) if random.random() < 0.7 else None,
            "assignee_id": request.assignee,
            "expert_id": reviewer(random, volumes.staff) if request.assignee and random.random() < 0.3 else None,
            "parent_id": random.randint(1, request.id - 1) if request.id > 1 and random.random() < 0.03 else None,
            "hub_form_data_id": request.id,
            "second_hub_form_data_id": second if second <= base.rows("service_hubformdata") else None,
            "data": document({"note": CANARY}),
            "created_at": request.steps[0].at,
            "updated_at": request.steps[-1].at,
        }


def _history(base: Base, filed: list[Filed]) -> Iterator[Row]:
    by_id = {request.id: request for request in filed}
    rows = recorded([(request.id, request.steps) for request in filed], base.rows("service_servicerequeststatus"))
    for n, (step, request_id) in enumerate(rows, start=1):
        request = by_id[request_id]
        by_author = step.status in ("draft", "created", "sent")
        yield request_status(n, request_id, request.author if by_author else request.assignee, step)
