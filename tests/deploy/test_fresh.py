"""The worker's health check, against a ClickHouse engine."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.contract import load_contract
from schemas.settings import Settings, environment
from sinks.clickhouse import connect
from sinks.migrate import migrate
from tests.clickhouse_server import clickhouse_server, free_port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with clickhouse_server(Path(tmp_path_factory.mktemp("fresh"))) as settings:
        migrate(settings)
        yield settings


def check(values: dict[str, str]) -> tuple[int, str]:
    command = [sys.executable, "-m", "deploy.compose.fresh"]
    done = subprocess.run(command, env=values, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def claim(settings: Settings, age_seconds: float) -> None:
    """A worker has seen all partitions of one table until then."""
    contract = load_contract(settings.contract)
    table = next(iter(contract.tables.values()))
    topic = contract.topic(settings.topic_prefix, table.name)
    until = int((time.time() - age_seconds) * 1e6)
    with connect(settings) as client:
        for partition in range(table.partitions):
            client.command(
                "INSERT INTO seen_until (topic, partition, seen_until) SELECT {topic:String}, {partition:UInt16}, "
                "fromUnixTimestamp64Micro({until:Int64})",
                parameters={"topic": topic, "partition": partition, "until": until},
            )


def test_it_is_well_when_a_table_has_been_seen_within_a_minute(server: Settings) -> None:
    values = environment(server)
    assert check(values) == (1, "nothing has been seen yet\n")
    claim(server, age_seconds=3600)
    assert check(values)[0] == 1
    claim(server, age_seconds=0)
    assert check(values)[0] == 0


def test_clickhouse_away_is_not_well_and_no_password_is_shown() -> None:
    dsn = f"http://writer:sentinel@127.0.0.1:{free_port()}"
    code, text = check({**os.environ, "TECHHUB_CLICKHOUSE_DSN": dsn})
    assert code == 1
    assert text.startswith("clickhouse cannot be asked: ")
    assert "sentinel" not in text
