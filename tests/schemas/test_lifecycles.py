"""Lifecycles as data: who waits, what ends, which transitions are legal, and which documents are refused."""

from itertools import product
from pathlib import Path
from typing import Final

import pytest

from schemas.contract import Contract, ContractError, load_contract
from schemas.lifecycles import DEFAULT_LIFECYCLES, Lifecycle, load_lifecycles

LIFECYCLES: Final = load_lifecycles()
REQUESTS: Final = LIFECYCLES["requests"]
BOOKINGS: Final = LIFECYCLES["bookings"]
OPEN: Final = {"draft", "created", "sent", "correction", "approved"}


def test_a_request_ends_in_success_reject_or_rejected_and_is_open_else() -> None:
    assert REQUESTS.terminal == {"success", "reject", "rejected"}
    assert set(REQUESTS.open) == OPEN


def test_a_request_waits_for_its_author_or_for_staff() -> None:
    assert REQUESTS.waiting_on == {
        "draft": "author", "correction": "author", "created": "staff", "sent": "staff", "approved": "staff",
    }  # fmt: skip


def test_the_legal_transitions_of_a_request_are_exactly_these() -> None:
    legal = {
        ("", "draft"), ("", "created"), ("", "sent"), ("draft", "created"), ("draft", "sent"), ("created", "sent"),
        ("sent", "correction"), ("sent", "approved"), ("correction", "sent"), ("approved", "success"),
        *product({*OPEN, "odd"} - {"draft"}, ("reject", "rejected")),
    }  # fmt: skip
    statuses = ("", "odd", "strange", *REQUESTS.statuses)
    found = {(a, b) for a, b in product(statuses, statuses) if a != b and REQUESTS.is_legal(a, b)}
    assert found == legal | set(product({"strange"}, ("reject", "rejected")))


def test_the_legal_transitions_of_a_booking_are_exactly_these() -> None:
    statuses = ("", "odd", *BOOKINGS.statuses)
    found = {(a, b) for a, b in product(statuses, statuses) if BOOKINGS.is_legal(a, b)}
    assert found == {("", "active"), ("active", "finished"), ("active", "deactivated")}


@pytest.mark.parametrize("name", ["events", "vacancies", "blogs", "articles"])
def test_the_legal_transitions_of_content_are_exactly_these(name: str) -> None:
    content = LIFECYCLES[name]
    statuses = ("", "odd", *content.statuses)
    found = {(a, b) for a, b in product(statuses, statuses) if a != b and content.is_legal(a, b)}
    assert found == {
        ("", "draft"), ("", "sent"), ("draft", "sent"), ("correction", "sent"),
        *product(["sent"], ["correction", "success", "reject"]),
        *product({"odd", *content.statuses} - {"deleted"}, ["deleted"]),
    }  # fmt: skip


def test_the_legal_transitions_of_a_company_are_exactly_these() -> None:
    company = LIFECYCLES["companies"]
    statuses = ("", "odd", *company.statuses)
    found = {(a, b) for a, b in product(statuses, statuses) if company.is_legal(a, b)}
    assert found == {("", "active"), ("active", "blocked"), ("blocked", "active")}


def test_lifecycles_that_share_an_entity_table_are_told_apart(tmp_path: Path) -> None:
    text = refusal(tmp_path, "{content_type: vacancy}", "{content_type: event}")
    assert "vacancies: shares content_items with events, expected other constants" in text


@pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=LIFECYCLES)
def test_any_status_may_be_removed(lifecycle: Lifecycle) -> None:
    assert all(lifecycle.is_legal(status, "removed") for status in ("", "odd", *lifecycle.statuses))


def test_every_lifecycle_fits_the_contract() -> None:
    contract = load_contract()
    found = load_lifecycles(contract)
    assert {lifecycle.table for lifecycle in found.values()} <= set(contract.tables)


def test_a_lifecycle_of_a_table_that_is_not_captured_is_left_out() -> None:
    contract = load_contract().without(["booking_booking", "booking_bookingstatus"])
    assert "bookings" not in load_lifecycles(contract)


def refusal(directory: Path, old: str, new: str, contract: Contract | None = None) -> str:
    text = DEFAULT_LIFECYCLES.read_text(encoding="utf-8")
    assert old in text
    path = directory / "some.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_lifecycles(contract, path)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def test_a_status_that_is_not_listed_is_named(tmp_path: Path) -> None:
    assert "requests: unknown status snet" in refusal(tmp_path, "draft: [created, sent]", "draft: [created, snet]")


def test_an_unknown_field_or_party_is_named(tmp_path: Path) -> None:
    assert "requests.colour" in refusal(tmp_path, "  entity: requests", "  colour: red\n  entity: requests")
    assert "waiting_on" in refusal(tmp_path, "draft: author", "draft: nobody")


def test_a_lifecycle_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    assert "is listed twice" in refusal(tmp_path, "bookings:\n", "requests:\n")


def test_a_column_that_the_contract_lacks_is_named_with_its_table(tmp_path: Path) -> None:
    text = refusal(tmp_path, "parent_id: parent_id", "parent_id: parent", load_contract())
    assert "service_servicerequest.parent is not in the contract" in text
    text = refusal(tmp_path, "at: created_at", "at: made_at", load_contract())
    assert "service_servicerequeststatus.made_at is not in the contract" in text


def test_a_status_column_has_the_type_of_one(tmp_path: Path) -> None:
    text = refusal(
        tmp_path, "  facts: request_transitions", "  status: service_id\n  facts: request_transitions", load_contract()
    )
    assert "service_servicerequest.service_id" in text
    assert "expected the type status" in text


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"absent\.yaml: cannot be read"):
        load_lifecycles(path=tmp_path / "absent.yaml")
