"""One ClickHouse for the module, a fresh migrated database for each world."""

from collections.abc import Callable, Iterator
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
from tests.views.load import load
from tests.views.world import NOW, World

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
