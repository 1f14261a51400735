"""Which of the source's changes make captured rows go missing: decided from catalogue, slot and publication alone."""

from dataclasses import replace

import pytest

from connectors.catalogue import Catalogue, Publication, Slot, SourceColumn
from connectors.debezium import captured_columns
from connectors.drift import Drift, drifts
from connectors.guard import StoredOffset
from schemas.contract import Contract
from tests.connectors.conftest import with_column

REQUESTS = "service_servicerequest"
OFFSET = StoredOffset(100, snapshot=False)
SLOT = Slot("techhub_cdc", "pgoutput", 1, "reserved", None, 100, 0, 0, None)


@pytest.fixture
def source(complete: Catalogue) -> Catalogue:
    return replace(complete, slot=SLOT)


def found(contract: Contract, source: Catalogue, offset: StoredOffset | None = OFFSET) -> list[Drift]:
    return list(drifts(contract, source, frozenset(captured_columns(contract)), offset))


def without(source: Catalogue, table: str, column: str) -> Catalogue:
    known = source.tables[f"public.{table}"]
    columns = {name: kept for name, kept in known.columns.items() if name != column}
    return replace(source, tables={**source.tables, known.qualified: replace(known, columns=columns)})


def published(source: Catalogue, **changes: object) -> Catalogue:
    assert source.publication is not None
    return replace(source, publication=replace(source.publication, **changes))  # type: ignore[arg-type]


def test_a_source_as_apply_left_it_has_not_drifted(contract: Contract, source: Catalogue) -> None:
    assert found(contract, source) == []


def test_without_a_capture_there_is_nothing_to_lose(contract: Contract, source: Catalogue) -> None:
    gone = replace(source, slot=None, publication=None)
    assert list(drifts(contract, gone, frozenset(), OFFSET)) == []


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        (None, "the replication slot is gone"),
        (replace(SLOT, active_pid=None, confirmed_flush_lsn=101), "was moved ahead"),
        (replace(SLOT, wal_status="lost"), "was invalidated"),
    ],
)
def test_a_slot_that_lost_changes_means_every_table(
    contract: Contract, source: Catalogue, slot: Slot | None, reason: str
) -> None:
    (drift,) = found(contract, replace(source, slot=slot))
    assert drift.table is None and drift.capture_lost and reason in drift.reason


def test_a_dropped_column_means_its_table(contract: Contract, source: Catalogue) -> None:
    (drift,) = found(contract, without(source, REQUESTS, "status"))
    assert drift.table == REQUESTS and not drift.capture_lost
    assert drift.reason.startswith(f"{REQUESTS}.status is not in the database")


def test_an_optional_column_counts_once_it_is_captured(contract: Contract, source: Catalogue) -> None:
    table = next(t for t in contract.tables.values() if any(c.optional and c.name not in t.key for c in t.columns))
    column = next(c for c in table.columns if c.optional and c.name not in table.key)
    gone = without(source, table.name, column.source)
    assert [drift.table for drift in found(contract, gone)] == [table.name]
    captured = frozenset(captured_columns(contract)) - {f"public.{table.name}.{column.source}"}
    assert list(drifts(contract, gone, captured, OFFSET)) == []


def test_a_retyped_column_means_its_table(contract: Contract, source: Catalogue) -> None:
    retyped = with_column(source, REQUESTS, SourceColumn("status", "integer", 90, True, True))
    (drift,) = found(contract, retyped)
    assert drift.table == REQUESTS and "is integer in the database" in drift.reason


def test_another_column_of_a_captured_name_means_its_table(contract: Contract, source: Catalogue) -> None:
    kind = source.tables[f"public.{REQUESTS}"].columns["status"].type
    renamed = with_column(source, REQUESTS, SourceColumn("status", kind, 90, True, False))
    (drift,) = found(contract, renamed)
    assert drift.table == REQUESTS and "another column was renamed to this name" in drift.reason


def test_a_table_that_left_the_publication_is_named(contract: Contract, source: Catalogue) -> None:
    assert source.publication is not None
    left = source.publication.tables - {f"public.{REQUESTS}"}
    (drift,) = found(contract, published(source, tables=left))
    assert drift.table == REQUESTS and "taken out of the publication" in drift.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"complete": False}, "leaves out"), ({"tables": "no heartbeat"}, "heartbeats were taken out")],
)
def test_a_publication_that_is_not_whole_means_every_table(
    contract: Contract, source: Catalogue, changes: dict[str, object], reason: str
) -> None:
    assert source.publication is not None
    if "tables" in changes:
        changes = {"tables": source.publication.tables - {"cdc.heartbeat"}}
    (drift,) = found(contract, published(source, **changes))
    assert drift.table is None and reason in drift.reason


def test_a_publication_that_is_gone_means_every_table(contract: Contract, source: Catalogue) -> None:
    (drift,) = found(contract, replace(source, publication=None))
    assert drift.table is None and "publication is gone" in drift.reason


def test_a_row_filter_means_its_table(contract: Contract, source: Catalogue) -> None:
    assert isinstance(source.publication, Publication)
    drift = found(contract, published(source, filtered=frozenset({f"public.{REQUESTS}"})))
    assert [each.table for each in drift] == [REQUESTS] and "row filter" in drift[0].reason


def test_a_new_table_of_the_contract_is_no_drift_until_it_is_captured(contract: Contract, source: Catalogue) -> None:
    new = contract.tables[REQUESTS].model_copy(update={"name": "new_table"})
    wider = contract.model_copy(update={"tables": {**contract.tables, "new_table": new}})
    assert list(drifts(wider, source, frozenset(captured_columns(contract)), OFFSET)) == []
