"""One ClickHouse for the session; every test asks for settings of a database of its own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.settings import Settings
from sinks.migrate import migrate
from tests.clickhouse_server import clickhouse_server


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with clickhouse_server(Path(tmp_path_factory.mktemp("clickhouse"))) as settings:
        yield settings


@pytest.fixture(scope="session")
def migrated(clickhouse: Settings) -> Settings:
    """Settings with a database that has everything: for tests that clear up what they put there, or only look."""
    settings = clickhouse.model_copy(update={"clickhouse_database": "migrated"})
    migrate(settings)
    return settings


@pytest.fixture
def settings(clickhouse: Settings) -> Settings:
    """Settings with a database that does not exist yet."""
    return clickhouse.model_copy(update={"clickhouse_database": f"test_{uuid4().hex[:12]}"})
