"""A pipeline that tests tear and mend again: changes are lost, tables are made anew, rows mean something else."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.stack import Addresses
from tests.pipeline.conftest import FAILED, logs, pytest_runtest_makereport, some_past
from tests.pipeline.pipeline import Pipeline, pipeline_on
from tests.standing import stack

__all__ = ["logs", "pytest_runtest_makereport", "stack"]


class Mendable:
    """A pipeline that tests tear and mend again; one that a test left torn is thrown away."""

    def __init__(self, stack: Addresses, logs: Path) -> None:
        self.stack, self.logs = stack, logs
        self.opened = ExitStack()
        self.pipeline: Pipeline | None = None

    def ready(self) -> Pipeline:
        if self.pipeline is None:
            self.pipeline = self.opened.enter_context(pipeline_on(self.stack, self.logs, before=some_past))
        return self.pipeline

    def discard(self) -> None:
        self.pipeline = None
        self.opened.close()


@pytest.fixture(scope="package")
def mendable(stack: Addresses, logs: Path) -> Iterator[Mendable]:
    mendable = Mendable(stack, logs)
    yield mendable
    mendable.discard()


@pytest.fixture
def torn(mendable: Mendable, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    """One that loses changes and is mended again: each test leaves it exact, and the source as good as any."""
    yield mendable.ready()
    if request.node.stash.get(FAILED, False):
        mendable.discard()
