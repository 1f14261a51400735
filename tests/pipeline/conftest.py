"""The pipeline on the folder's stack: over a source that holds rows already, with the oracle's triggers beside it.

Crashes, exactness, privacy and outages are tested on one pipeline, one after the other: what one left wrong, the next
would find. Tests that tear it are in `tests/mending`.
"""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from deploy.local.source.simulate import Simulator
from deploy.local.stack import Addresses
from tests.pipeline import oracle
from tests.pipeline.pipeline import Pipeline, pipeline_on
from tests.standing import stack

__all__ = ["logs", "pipeline", "pytest_runtest_makereport", "stack"]

BEFORE = 400
"""Transactions before capture, so that snapshot and history have something to tell."""


HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What must be nowhere is looked for after everything else."""
    places = [place for place, item in enumerate(items) if item.path.parent == HERE]
    mine = sorted((items[place] for place in places), key=lambda item: item.path.stem == "test_pii")
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
