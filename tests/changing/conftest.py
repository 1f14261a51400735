"""A pipeline of its own, whose contract and source change."""

from tests.pipeline.conftest import logs, pytest_runtest_makereport
from tests.standing import stack

__all__ = ["logs", "pytest_runtest_makereport", "stack"]
