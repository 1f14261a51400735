"""What ClickHouse has is the public interface, name by name and column by column."""

import pytest

from schemas.contract import load_contract
from sinks.clickhouse import Client
from tests.interface import LOG, TABLES, VIEWS
from tests.views.conftest import Opened
from tests.views.world import World


@pytest.fixture(scope="module")
def columns(opened: Opened) -> dict[str, list[str]]:
    """Table or view -> its columns in order."""
    client: Client = opened(World())
    found: dict[str, list[str]] = {}
    listing = "SELECT table, name FROM system.columns WHERE database = currentDatabase() ORDER BY table, position"
    for table, name in client.query(listing).result_rows:
        found.setdefault(table, []).append(name)
    return found


def test_every_view_and_no_other_is_listed(columns: dict[str, list[str]]) -> None:
    assert {name for name in columns if name.startswith("v_")} == VIEWS.keys()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_its_columns(columns: dict[str, list[str]], view: str) -> None:
    assert sorted(columns[view]) == sorted(VIEWS[view].split()), "a new column belongs into tests/interface.py too"


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_its_columns(columns: dict[str, list[str]], table: str) -> None:
    assert set(TABLES[table].split()) <= set(columns[table])


def test_a_mirror_has_the_columns_of_the_contract_and_of_the_log(columns: dict[str, list[str]]) -> None:
    for table in load_contract().tables.values():
        assert {*(column.name for column in table.columns), *LOG.split()} <= set(columns[table.name]), table.name
