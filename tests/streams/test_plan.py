"""What is made from contract and lifecycles, and the fingerprint that names it."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.contract import Contract, ContractError, load_contract
from schemas.lifecycles import load_lifecycles
from schemas.settings import Settings
from schemas.types import column_types
from streams.entities import ENTITIES, Entity
from streams.lifecycle import check_fields
from streams.plan import plans
from tests.streams.log import PLANS

CONTRACT: Final = load_contract()
FINGERPRINTS: Final = """
from schemas.contract import load_contract
from schemas.settings import Settings
from streams.plan import plans
print(*(plan.fingerprint for plan in plans(load_contract(), Settings()).values()))
"""


def changed(table: str, **update: Any) -> dict[str, str]:
    made = CONTRACT.tables[table].model_copy(update=update)
    contract = CONTRACT.model_copy(update={"tables": {**CONTRACT.tables, table: made}})
    return fingerprints(contract)


def fingerprints(contract: Contract = CONTRACT, timezone: str = "Asia/Almaty") -> dict[str, str]:
    return {plan.table.table.name: plan.fingerprint for plan in plans(contract, Settings(timezone=timezone)).values()}


def differing(one: dict[str, str]) -> set[str]:
    return {name for name, text in fingerprints().items() if one[name] != text}


def test_every_captured_table_has_a_topic_and_a_plan() -> None:
    assert set(plans(CONTRACT, Settings(topic_prefix="hub"))) == {f"hub.public.{name}" for name in CONTRACT.tables}


def test_fingerprints_are_the_same_in_every_process() -> None:
    """Sets have another order in each."""
    root = Path(__file__).parents[2]
    found = {
        subprocess.run(
            [sys.executable, "-c", FINGERPRINTS], env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            cwd=root, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(found) == 1


def test_another_meaning_is_another_fingerprint_of_that_table_only() -> None:
    room = CONTRACT.tables["booking_room"]
    assert differing(changed("booking_room", columns=room.columns[:-1])) == {"booking_room"}
    assert differing(changed("booking_room", partitions=7)) == {"booking_room"}


def test_a_reason_or_what_the_database_may_lack_is_no_other_meaning() -> None:
    room = CONTRACT.tables["booking_room"]
    columns = tuple(column.model_copy(update={"reason": "another", "optional": True}) for column in room.columns)
    assert differing(changed("booking_room", columns=columns)) == set()


def test_the_time_zone_counts_where_a_timestamp_has_none() -> None:
    room = CONTRACT.tables["booking_room"]
    local = tuple(
        column.model_copy(update={"type": "timestamp"}) if column.name == "name" else column for column in room.columns
    )
    contract = CONTRACT.model_copy(update={"tables": {"booking_room": room.model_copy(update={"columns": local})}})
    assert fingerprints(contract) != fingerprints(contract, "Europe/Berlin")
    assert fingerprints() == fingerprints(timezone="Europe/Berlin")


def test_every_lifecycle_has_an_entity_with_its_fields_and_others_are_refused() -> None:
    for lifecycle in load_lifecycles(CONTRACT).values():
        check_fields(lifecycle, ENTITIES[lifecycle.entity])
        with pytest.raises(ContractError, match="expected by the lifecycle"):
            check_fields(lifecycle, Entity)


def test_values_that_an_update_may_omit_are_carried_and_keys_are_not() -> None:
    types = column_types(Settings().zone)
    for plan in PLANS.values():
        table = plan.table.table
        carried = {table.columns[index].name for index in plan.table.carried}
        expected = {column.name for column in table.columns if types[column.type].toast or column.path}
        assert carried == expected - set(table.key)


def test_a_table_that_is_not_captured_has_no_plan() -> None:
    assert "techhub.public.booking_room" not in plans(CONTRACT.without(["booking_room"]), Settings())
