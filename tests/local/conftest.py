"""A stack, and a real process of the ClickHouse interface alone, for all tests of this folder."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.local.clickhouse_process import Interface, free_port, start, wait_until_up
from tests.standing import stack

__all__ = ["stack"]


@pytest.fixture(scope="session")
def interface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    directory = tmp_path_factory.mktemp("clickhouse")
    port = free_port()
    running = Interface(port, directory, start(directory, port))
    try:
        wait_until_up(running)
        yield running
    finally:
        running.process.send_signal(signal.SIGTERM)
        try:
            running.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.communicate()
