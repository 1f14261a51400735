"""What the tests of every folder may ask for: the embedded stack, fresh and gone at the end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.stack import Addresses, Stack
from tests.faults.network import PROXIED
from tests.scheduling import FIRST, ByFolder, folder

# a machine that is busy with other work draws slowly, which says nothing about the code
settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("busy")

SCALE = 0.002
"""Of the source's base data: something of everything, and quickly read."""

PURGE_WHEN_ORPHANED = """
import sys
from pathlib import Path
from deploy.local.stack import Stack
sys.stdin.read()  # ends when the tests do, however they end
Stack(Path(sys.argv[1])).down(sys.argv[2], purge=True)
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever uses the stack carries its marker, so that `-m "not stack"` is quick."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.stack)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: FIRST.index(name) if (name := folder(item.nodeid)) in FIRST else len(FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return ByFolder(config, log)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Addresses of a running stack with the source schema and a small base data set, shared by the session."""
    root = tmp_path_factory.mktemp("stack")
    if os.environ.get("TECHHUB_TEST_PROVIDER") == "containers":
        from tests.containers.provider import containers

        with containers(root) as addresses:
            yield addresses
        return
    watch = [sys.executable, "-c", PURGE_WHEN_ORPHANED, str(root), "tests"]
    with subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True) as watcher:
        try:
            yield Stack(root, parts=PROXIED).up("tests", scale=SCALE)
        finally:
            Stack(root).down("tests", purge=True)
            assert watcher.stdin is not None
            watcher.stdin.close()
