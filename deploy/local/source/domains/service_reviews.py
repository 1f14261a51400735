"""What a request collects on its way: logs, expertises, votes, protocols, reports and calls of other systems."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from random import Random
from typing import Final

from deploy.local.source.base import CANARY, Base, Row, Table, document
from deploy.local.source.domains.service import reviewer, service_code

STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "service_expertise": ("draft", "success", "success", "reject"),
    "service_report": ("sent", "success", "success", "correction"),
    "service_seedmoneyreport": ("sent", "success", "success"),
    "service_externalrequest": ("sent", "success", "success", "failed"),
}


def tables(base: Base) -> Iterator[Table]:
    for name, build in REVIEWS.items():
        yield Table(name, _reviews(base, name, build))
    yield Table("service_protocol", _protocols(base))
    for name in ("service_protocol_accepted", "service_protocol_rejected"):
        yield Table(name, _decided(base, name))


def request_log(random: Random, number: int, request: int, who: int, at: datetime) -> Row:
    text = document({"note": CANARY})
    return {
        "id": number,
        "service_request_id": request,
        "user_id": who,
        "message": CANARY,
        "data": text,
        "created_at": at,
    }


def expertise(random: Random, number: int, request: int, who: int, at: datetime) -> Row:
    return {
        "id": number,
        "service_request_id": request,
        "user_id": who,
        "status": random.choice(STATUSES["service_expertise"]),
        "comment": CANARY,
        "data": document({"conclusion": CANARY}),
        "created_at": at,
        "updated_at": at,
    }


def vote(random: Random, number: int, request: int, who: int, at: datetime) -> Row:
    """Without the form that the vote was given with: the caller knows it."""
    return {
        "id": number,
        "service_request_id": request,
        "hub_form_data_id": None,
        "user_id": who,
        "comment": CANARY,
        "created_at": at,
    }


def report(random: Random, number: int, request: int, who: int, at: datetime) -> Row:
    return {
        "id": number,
        "service_request_id": request,
        "status": random.choice(STATUSES["service_report"]),
        "data": document({"author": CANARY}),
        "comment": CANARY,
        "created_at": at,
        "updated_at": at,
    }


def seed_money_report(random: Random, number: int, request: int, who: int, at: datetime) -> Row:
    return _paper("service_seedmoneyreport", random, number, request, at)


def external_request(random: Random, number: int, request: int, who: int, at: datetime) -> Row:
    return _paper("service_externalrequest", random, number, request, at)


Build = Callable[[Random, int, int, int, datetime], Row]
REVIEWS: Final[Mapping[str, Build]] = {
    "service_servicerequestlog": request_log,
    "service_expertise": expertise,
    "service_vote": vote,
    "service_report": report,
    "service_seedmoneyreport": seed_money_report,
    "service_externalrequest": external_request,
}
"""Rows of one request each, by table: (random, id, request, who, at)."""


def protocol(number: int, service: str, at: datetime) -> Row:
    return {
        "id": number,
        "service_id": service,
        "number": f"P-{number}",
        "data": document({"members": CANARY}),
        "created_at": at,
    }


def _paper(table: str, random: Random, number: int, request: int, at: datetime) -> Row:
    return {
        "id": number,
        "service_request_id": request,
        "status": random.choice(STATUSES[table]),
        "data": document({"note": CANARY}),
        "created_at": at,
    }


def _reviews(base: Base, table: str, build: Build) -> Iterator[Row]:
    random = base.random(table)
    for n, at in enumerate(base.instants(table), start=1):
        row = build(random, n, base.one(random, "service_servicerequest"), reviewer(random, base.volumes.staff), at)
        if table == "service_vote":  # a request and its form have the same number in the base data set
            row["hub_form_data_id"] = row["service_request_id"]
        yield row


def _protocols(base: Base) -> Iterator[Row]:
    random = base.random("service_protocol")
    for n, at in enumerate(base.instants("service_protocol"), start=1):
        yield protocol(n, service_code(base.one(random, "service_service") - 1), at)


def _decided(base: Base, table: str) -> Iterator[Row]:
    random = base.random(table)
    for n in range(1, base.rows(table) + 1):
        decided = base.one(random, "service_servicerequest")
        yield {"id": n, "protocol_id": base.one(random, "service_protocol"), "servicerequest_id": decided}
