"""One ClickHouse for the module, a fresh migrated database for each world."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from schemas.contract import load_contract
from schemas.lifecycles import load_lifecycles
from schemas.settings import Settings
from sinks.clickhouse import Client, connect
from sinks.migrate import Existing, plan, run, storage_of
from sinks.migration import load_migrations
from sinks.view import load_views
from tests.clickhouse_server import clickhouse_server
from tests.views.load import insert, load, moment
from tests.views.story import random_story, tell
from tests.views.world import NOW, SECOND, World, random_world

Opened = Callable[..., Client]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with clickhouse_server(Path(tmp_path_factory.mktemp("clickhouse"))) as settings:
        yield settings


@pytest.fixture(scope="session")
def opened(server: Settings) -> Iterator[Opened]:
    """`opened(world)` gives a client of a new database that holds the world, read at `NOW`."""
    numbers = count()
    clients: list[Client] = []

    def open_world(world: World, seed: int = 0) -> Client:
        settings = server.model_copy(update={"clickhouse_database": f"world_{next(numbers)}"})
        contract, lifecycles = load_contract(), load_lifecycles()
        views = load_views(contract, lifecycles, "Asia/Almaty", now=f"fromUnixTimestamp64Micro({NOW}, 'UTC')")
        first, *rest = plan(settings, Existing(), load_migrations(storage_of(settings)), contract, views).steps
        with connect(settings, None) as anywhere:
            run(anywhere, [first])
        client = connect(settings)
        clients.append(client)
        run(client, rest)
        load(client, contract, lifecycles, world, seed)
        return client

    yield open_world
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def everything(opened: Opened) -> Client:
    """A database in which every captured table and every table of the worker has rows; no two figures need agree."""
    client = opened(random_world(1))
    tell(client, random_story(7))
    at = moment(NOW - 60 * SECOND)
    insert(client, "worker_events", [{"at": at, "worker": "worker-0", "event": "start", "detail": "2 partitions"}])
    insert(client, "dead_letters", [{"topic": "techhub.public.core_event", "reason": "no envelope", "received_at": at}])
    until = datetime.now(UTC) + timedelta(days=1)
    insert(client, "maintenance", [{"started_at": at, "ends_at": until, "announced_by": "ada", "reason": "import"}])
    return client
