"""The contract against the catalogue: what is off is found, named and met with a proposal."""

from dataclasses import replace

import pytest

from connectors.catalogue import Catalogue, Publication, Slot, SourceColumn, SourceTable
from connectors.check import Finding, compare
from connectors.debezium import captured_columns
from schemas.contract import Contract
from tests.connectors.conftest import with_column


def only(contract: Contract, catalogue: Catalogue, captured: frozenset[str] = frozenset()) -> Finding:
    (finding,) = (f for f in compare(contract, catalogue, captured).findings if f.level != "note")
    return finding


def without_table(catalogue: Catalogue, name: str) -> Catalogue:
    return replace(catalogue, tables={key: t for key, t in catalogue.tables.items() if key != f"public.{name}"})


def test_a_fitting_database_has_no_findings(contract: Contract, complete: Catalogue) -> None:
    comparison = compare(contract, complete, frozenset(captured_columns(contract)))
    assert comparison.findings == () and comparison.contract == contract


def test_a_missing_required_table_is_an_error_that_names_it(contract: Contract, complete: Catalogue) -> None:
    finding = only(contract, without_table(complete, "booking_booking"))
    assert (finding.level, finding.kind, finding.table) == ("error", "table_missing", "booking_booking")


def test_a_missing_optional_table_is_left_out(contract: Contract, complete: Catalogue) -> None:
    optional = contract.tables["booking_room"].model_copy(update={"optional": True})
    relaxed = contract.model_copy(update={"tables": {**contract.tables, "booking_room": optional}})
    comparison = compare(relaxed, without_table(complete, "booking_room"))
    assert not comparison.errors and "booking_room" not in comparison.contract.tables


@pytest.mark.parametrize(("column", "level"), [("company_type", "error"), ("verified", "error")])
def test_a_missing_required_column_is_an_error(
    contract: Contract, complete: Catalogue, column: str, level: str
) -> None:
    other = SourceColumn("other", "bigint", 90, True, readable=False)
    finding = only(contract, with_column(complete, "account_company", other, instead_of=column))
    assert (finding.level, finding.kind, finding.column) == (level, "column_missing", column)


def test_a_missing_optional_column_is_left_out(contract: Contract, complete: Catalogue) -> None:
    other = SourceColumn("other", "bigint", 90, True, readable=False)
    comparison = compare(contract, with_column(complete, "booking_room", other, instead_of="capacity"))
    assert not comparison.errors
    assert comparison.contract.tables["booking_room"].sources == ("id", "name")


def test_a_retyped_column_is_an_error_with_the_entry_that_would_fit(contract: Contract, complete: Catalogue) -> None:
    retyped = SourceColumn("verified", "smallint", 4, True, readable=True)
    finding = only(contract, with_column(complete, "account_company", retyped, instead_of="verified"))
    assert (finding.kind, finding.proposal) == ("retyped", "verified: int16")


def test_an_unlisted_column_is_noted_and_proposed_unless_it_may_be_personal(
    contract: Contract, complete: Catalogue
) -> None:
    source = with_column(complete, "account_user", SourceColumn("iin", "text", 90, True, readable=False))
    source = with_column(source, "account_user", SourceColumn("city_id", "bigint", 91, True, readable=False))
    notes = {finding.column: finding for finding in compare(contract, source).findings}
    assert notes["iin"].proposal == "" and notes["city_id"].proposal == "city_id: int64"


def test_another_column_renamed_to_a_captured_name_is_an_error(contract: Contract, complete: Catalogue) -> None:
    renamed = SourceColumn("role", "text", 90, True, readable=False)
    source = with_column(complete, "account_user", renamed, instead_of="role")
    assert only(contract, source, frozenset(captured_columns(contract))).kind == "renamed"


def test_a_column_that_is_new_in_the_contract_is_no_rename(contract: Contract, complete: Catalogue) -> None:
    new = SourceColumn("role", "text", 90, True, readable=False)
    source = with_column(complete, "account_user", new, instead_of="role")
    captured = frozenset(captured_columns(contract)) - {"public.account_user.role"}
    assert compare(contract, source, captured).findings == ()


def test_a_column_renamed_away_is_named_by_its_new_name(contract: Contract, complete: Catalogue) -> None:
    moved = SourceColumn("kind", "text", 2, True, readable=True)
    finding = only(contract, with_column(complete, "account_user", moved, instead_of="role"))
    assert finding.proposal == "role: {type: string, from: kind}"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"key": ()}, "no_primary_key"),
        ({"key": ("uuid",)}, "other_key"),
        ({"identity": "n"}, "replica_identity"),
        ({"kind": "p"}, "partitioned"),
    ],
)
def test_a_table_whose_updates_would_fail_or_lose_their_key_is_refused(
    contract: Contract, complete: Catalogue, change: dict[str, object], kind: str
) -> None:
    table: SourceTable = replace(complete.tables["public.booking_room"], **change)  # type: ignore[arg-type]
    source = replace(complete, tables={**complete.tables, table.qualified: table})
    assert only(contract, source).kind == kind


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"wal_level": "replica"}, "wal_level"),
        ({"publication": Publication(True, True, True, frozenset(), frozenset())}, "all_tables"),
        ({"publication": Publication(False, True, True, frozenset(), frozenset({"public.t"}))}, "row_filter"),
        ({"slot": Slot("s", "wal2json", None, "reserved", None, 1, 1, 1, None)}, "plugin"),
    ],
)
def test_a_source_that_cannot_be_captured_as_it_is_set_up_is_refused(
    contract: Contract, complete: Catalogue, change: dict[str, object], kind: str
) -> None:
    source: Catalogue = replace(complete, **change)  # type: ignore[arg-type]
    finding = only(contract, source)
    assert (finding.level, finding.kind) == ("error", kind)
