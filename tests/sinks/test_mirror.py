"""The mirror follows the contract, and never drops anything."""

import pytest

from schemas.contract import Contract, load_contract
from sinks.mirror import MirrorError, mirror_changes, mirror_columns, superfluous


def contract_with(**columns: str) -> Contract:
    table = {"domain": "core", "role": "activity", "columns": {"id": "int64", **columns}}
    return Contract.model_validate({"version": 1, "schema": "public", "tables": {"core_thing": table}})


def existing(contract: Contract) -> dict[str, dict[str, str]]:
    return {name: mirror_columns(table) for name, table in contract.tables.items()}


def test_a_table_that_is_there_as_declared_needs_nothing() -> None:
    contract = load_contract()
    assert mirror_changes(contract, existing(contract)) == []


def test_a_missing_table_is_created_with_the_key_never_null() -> None:
    (change,) = mirror_changes(contract_with(done_at="timestamptz"), {}, "SETTINGS fsync_after_insert = 1")
    assert (change.table, change.action) == ("core_thing", "created")
    assert "`id` Int64,\n" in change.statement
    assert "`done_at` Nullable(DateTime64(6, 'UTC'))" in change.statement
    assert change.statement.endswith(
        "ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY (`id`) SETTINGS fsync_after_insert = 1"
    )


def test_a_new_column_of_the_contract_is_added() -> None:
    (change,) = mirror_changes(contract_with(kind="string", count="int32"), existing(contract_with(kind="string")))
    assert change.action == "column count added"
    assert change.statement == "ALTER TABLE `core_thing` ADD COLUMN IF NOT EXISTS `count` Nullable(Int32)"


def test_a_changed_type_is_refused_with_both_types() -> None:
    with pytest.raises(
        MirrorError, match=r"core_thing.count: is Nullable\(Int32\) in ClickHouse, Nullable\(Int64\) by"
    ):
        mirror_changes(contract_with(count="int64"), existing(contract_with(count="int32")))


def test_a_column_that_left_the_contract_is_reported_and_kept() -> None:
    found = existing(contract_with(kind="string"))
    assert mirror_changes(contract_with(), found) == []
    assert superfluous(contract_with(), found) == [
        "core_thing.kind: is not in the contract any more; it is kept, new rows have no value in it"
    ]
