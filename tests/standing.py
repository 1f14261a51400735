"""The embedded stack that a folder's tests share: it stands until the last of them has ended, because one that idles
costs as much CPU as a test.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import pytest

from deploy.local.stack import Addresses, Stack
from tests.faults.network import PROXIED
from tests.training import NAME as TRAINING
from tests.training import train

SCALE: Final = 0.002
"""Of the source's base data: something of everything, and quickly read."""

PURGE_WHEN_ORPHANED: Final = """
import sys
from pathlib import Path
from deploy.local.stack import Stack
sys.stdin.read()  # ends when the tests do, however they end
for name in sys.argv[2:]:
    Stack(Path(sys.argv[1])).down(name, purge=True)
"""


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Addresses of a running stack with the source schema and a small base data set. For the folder in whose
    `conftest.py` it is named.
    """
    root = tmp_path_factory.mktemp("stack")
    if os.environ.get("TECHHUB_TEST_PROVIDER") == "containers":
        from tests.containers.provider import containers

        with containers(root) as addresses:
            yield addresses
        return
    watch = [sys.executable, "-c", PURGE_WHEN_ORPHANED, str(root), TRAINING, "tests"]
    with subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True) as watcher:
        try:
            train(root)
            yield Stack(root, parts=PROXIED).up("tests", scale=SCALE)
        finally:
            Stack(root).down("tests", purge=True)
            assert watcher.stdin is not None
            watcher.stdin.close()
