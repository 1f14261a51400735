"""The pipeline on the session's stack: over a source that holds rows already, with the oracle's triggers beside it.

Crashes, exactness, privacy and outages are tested on one pipeline, one after the other: what one left wrong, the next
would find. Tests that break it for good make their own with `pipeline_on`.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.source.simulate import Simulator
from deploy.local.stack import Addresses
from tests.pipeline import oracle
from tests.pipeline.pipeline import Pipeline, pipeline_on

BEFORE = 400
"""Transactions before capture, so that snapshot and history have something to tell."""


HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those with a pipeline of their own come first: what they do to the source would reach the shared one, too."""
    places = [place for place, item in enumerate(items) if item.path.parent == HERE]
    mine = sorted((items[place] for place in places), key=lambda item: "pipeline" in getattr(item, "fixturenames", ()))
    for place, item in zip(places, mine, strict=True):
        items[place] = item


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipeline")


def some_past(pipeline: Pipeline) -> None:
    with Simulator(pipeline.dsn, 7) as simulator:
        simulator.run(transactions=BEFORE)


def watched(pipeline: Pipeline) -> None:
    some_past(pipeline)
    oracle.install(pipeline)


@pytest.fixture(scope="package")
def pipeline(stack: Addresses, logs: Path) -> Iterator[Pipeline]:
    with pipeline_on(stack, logs, before=watched) as running:
        yield running
        running.execute("DROP SCHEMA oracle CASCADE")


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the parts said is kept with the report of a failure: in CI there is nothing else."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        for pipeline in getattr(item, "funcargs", {}).values():
            if isinstance(pipeline, Pipeline):
                report.sections += pipeline.said()
    return report
