"""The page over a ClickHouse of its own in which every captured table has rows, and has been seen a second ago."""

import pytest

from schemas.contract import load_contract
from schemas.settings import Settings
from sinks.clickhouse import Client
from tests.views.conftest import everything, opened, server
from tests.views.load import insert, moment, topic
from tests.views.world import NOW, SECOND

__all__ = ["everything", "fresh", "opened", "server"]


@pytest.fixture(scope="session")
def fresh(everything: Client, server: Settings) -> Settings:
    """Settings of a database in which every table is fresh for ever: its present instant stands still."""
    tables = load_contract().tables
    place = [{"topic": topic(table), "partition": partition} for table in tables for partition in range(4)]
    changed, seen = moment(NOW - 20 * SECOND), moment(NOW - SECOND)
    insert(everything, "watermarks", [{**at, "next_offset": 10**9, "committed_at": changed} for at in place])
    insert(everything, "seen_until", [{**at, "seen_until": seen} for at in place])
    assert everything.database is not None
    return server.model_copy(update={"clickhouse_database": everything.database})
