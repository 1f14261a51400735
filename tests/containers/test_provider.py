"""The container provider, as far as it can be seen without a Docker engine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from docker.types import Healthcheck

from schemas.settings import PREFIX, Settings
from tests.containers.provider import AS_CONNECT_SEES_THEM, ROOT, healthcheck, services


def test_without_an_engine_it_says_so_in_one_line_and_exits_3(tmp_path: Path) -> None:
    """A socket that nobody listens on, so that the answer is the same on a machine with an engine."""
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
    command = [sys.executable, "-m", "tests.containers"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stderr == (
        f"error no Docker engine answers at unix://{tmp_path}/docker.sock: start one or set DOCKER_HOST; "
        "`make test` runs the same tests without containers\n"
    )
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["postgres", "kafka", "connect", "clickhouse"])
def test_compose_has_all_that_a_container_of_it_needs(name: str) -> None:
    service = services()[name]
    assert isinstance(service["environment"], dict)
    check = Healthcheck(**healthcheck(service))
    assert check.test[0] == "CMD"
    assert check.interval >= 1_000_000_000
    assert service["user"]


def test_what_connect_sees_are_settings() -> None:
    assert {name.removeprefix(PREFIX).lower() for name in AS_CONNECT_SEES_THEM} <= set(Settings.model_fields)
