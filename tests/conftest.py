"""Which tests come first, which run beside each other, and which need the embedded stack."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.scheduling import FIRST, ByFolder, folder

# a machine that is busy with other work draws slowly, which says nothing about the code
settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("busy")


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
