"""One ClickHouse with the tables and views of this version, and rows of requests that a test may write."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from deploy.prometheus.alerts import DOMAINS
from schemas.settings import Settings
from sinks.clickhouse import Client, connect
from sinks.migrate import migrate
from tests.clickhouse_server import clickhouse_server


class Warehouse:
    """ClickHouse as the worker would have left it."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.settings = settings
        self.client = client
        self.version = 0

    def requests(self, ids: range, status: str, service: str = "S1", age: timedelta = timedelta(0)) -> None:
        """Requests as they stand now; a later call about an id is a later event."""
        self.version += 1
        since = datetime.now(UTC) - age
        names = ("request_id", "status", "since", "service", "_topic", "_version")
        rows = [(id_, status, since, service, "t", self.version) for id_ in ids]
        self.client.insert("requests", rows, column_names=names)

    def seen(self) -> None:
        """All that alerts are about is fresh, for an hour."""
        until = datetime.now(UTC) + timedelta(hours=1)
        rows = [(f"techhub.public.{table}", 0, until) for tables in DOMAINS.values() for table in tables]
        self.client.insert("seen_until", rows, column_names=("topic", "partition", "seen_until"))
        marks = [(topic, 0, 1, until) for topic, _, _ in rows]
        self.client.insert("watermarks", marks, column_names=("topic", "partition", "next_offset", "committed_at"))

    def unseen(self) -> None:
        """Nobody knows how old anything is."""
        self.client.command("TRUNCATE TABLE seen_until")
        self.client.command("TRUNCATE TABLE watermarks")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as settings:
        yield settings


@pytest.fixture
def warehouse(server: Settings) -> Iterator[Warehouse]:
    """In a database of its own."""
    settings = server.model_copy(update={"clickhouse_database": f"test_{uuid4().hex[:12]}"})
    migrate(settings)
    with connect(settings) as client:
        made = Warehouse(settings, client)
        made.seen()
        yield made
