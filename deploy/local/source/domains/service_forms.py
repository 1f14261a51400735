"""The forms that applicants fill in: their steps and fields."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from deploy.local.source.base import CANARY, YEARS, Base, Row, Table, document
from deploy.local.source.phrases import service_title, title

FIELD_TYPES = ("text", "text", "number", "file", "select", "date", "checkbox")


def tables(base: Base) -> Iterator[Table]:
    yield Table("service_hubform", _forms(base))
    yield Table("service_hubformstep", _steps(base))
    yield Table("service_hubformfield", _fields(base))


def hub_form(number: int, organization: int | None, at: datetime) -> Row:
    return {"id": number, "name": f"{CANARY} {number}", "organization_id": organization, "created_at": at}


def _forms(base: Base) -> Iterator[Row]:
    random = base.random("service_hubform")
    for n in range(1, base.rows("service_hubform") + 1):
        yield hub_form(n, base.one(random, "core_organization"), base.now - 2 * YEARS + timedelta(days=n))


def _steps(base: Base) -> Iterator[Row]:
    forms = base.rows("service_hubform")
    for n in range(base.rows("service_hubformstep")):
        yield {"id": n + 1, "hub_form_id": n % forms + 1, "title": document(service_title(n)), "order": n // forms}


def _fields(base: Base) -> Iterator[Row]:
    random, steps = base.random("service_hubformfield"), base.rows("service_hubformstep")
    for n in range(base.rows("service_hubformfield")):
        yield {
            "id": n + 1,
            "hub_form_step_id": n % steps + 1,
            "label": document(title(f"Поле {n % 40}", f"Өріс {n % 40}", f"Field {n % 40}")),
            "field_type": random.choice(FIELD_TYPES),
            "name": f"field_{n}",
            "required": random.random() < 0.5,
            "order": n // steps,
        }
