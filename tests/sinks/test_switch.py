"""A rebuilt database takes the place of the old one: whole, whenever it was interrupted, and views follow."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ops.switch import DONE, Switch
from schemas.errors import Problem
from schemas.settings import Settings
from sinks.clickhouse import Client, connect
from streams.plan import SWITCH

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def city(client: Client, database: str, country: int) -> None:
    columns = ["id", "country_id", "_topic", "_partition", "_version", "_lsn", "_committed_at", "_deleted"]
    client.insert("core_city", [[1, country, "t", 0, 1, 0, NOW, 0]], database=database, column_names=columns)


def event(client: Client, database: str, worker: str) -> None:
    columns = ["at", "worker", "event", "detail"]
    client.insert("worker_events", [[NOW, worker, "start", ""]], database=database, column_names=columns)


SOME = (
    "core_city", "core_country", "requests", "request_transitions", "request_backlog", "watermarks", "worker_events",
)  # fmt: skip


@pytest.fixture
def switch(settings: Settings, migrated: Settings) -> Iterator[Switch]:
    """Two databases with the same few tables; that whole ones are switched is tested with a real rebuild."""
    served, shadow = settings.clickhouse_database, f"{settings.clickhouse_database}_rebuild"
    with connect(migrated) as client:
        for database in (served, shadow):
            client.command(f"CREATE DATABASE {database}")
            for table in SOME:
                client.command(f"CREATE TABLE {database}.{table} AS {migrated.clickhouse_database}.{table}")
    with connect(settings) as client:
        for database, country in ((served, 10), (shadow, 20)):
            city(client, database, country)
            event(client, database, database)
        client.command(f"CREATE VIEW {served}.v_country AS SELECT country_id FROM core_city FINAL")
        yield Switch(client, served, shadow)
    with connect(settings, None) as server:
        for database in (served, shadow):
            server.command(f"DROP DATABASE IF EXISTS {database}")


def value(switch: Switch, sql: str) -> object:
    return switch.client.query(sql).result_rows[0][0]


def assert_switched(switch: Switch) -> None:
    assert value(switch, f"SELECT country_id FROM {switch.served}.v_country") == 20
    assert value(switch, f"SELECT country_id FROM {switch.shadow}.core_city FINAL") == 10
    assert value(switch, f"SELECT worker FROM {switch.served}.worker_events") == switch.served
    assert not switch.under_way and switch.old_data_left


def test_the_rebuilt_rows_are_served_and_the_old_ones_are_kept(switch: Switch) -> None:
    assert not switch.under_way and not switch.old_data_left
    assert switch.run() == len(SOME) - 1, "all but the events of the workers"
    assert_switched(switch)
    switch.drop_old()
    assert value(switch, f"SELECT count() FROM system.databases WHERE name = '{switch.shadow}'") == 0
    assert value(switch, f"SELECT country_id FROM {switch.served}.v_country") == 20


@pytest.mark.parametrize("exchanged", [0, 1, 4, 1000])
def test_a_switch_that_was_interrupted_anywhere_is_finished_and_nothing_goes_back(
    switch: Switch, exchanged: int
) -> None:
    switch.begin()
    assert switch.under_way
    for table, uuid in sorted(switch.wanted().items())[:exchanged]:
        switch.exchange(table, uuid)
    assert switch.under_way
    switch.run()
    assert_switched(switch)


def test_a_table_that_only_the_new_version_has_moves_over(switch: Switch) -> None:
    switch.client.command(f"CREATE TABLE {switch.shadow}.brand_new (id UInt8) ENGINE = MergeTree ORDER BY id")
    switch.run()
    assert "brand_new" in switch.tables(switch.served) and "brand_new" not in switch.tables(switch.shadow)


def test_old_data_is_deleted_only_where_a_rebuild_has_ended(switch: Switch) -> None:
    with pytest.raises(Problem, match="does not hold old data"):
        switch.drop_old()
    assert {SWITCH, DONE}.isdisjoint(switch.tables(switch.served))
