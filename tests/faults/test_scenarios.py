"""Scenarios of the fault harness in every run of the tests, with less load and fewer faults than `make faults`.

Some others are tested in another form: F08 with ClickHouse away, F15, F16 and more of I9 in tests/pipeline, F13 in
tests/mending.
"""

from dataclasses import dataclass

import pytest

from tests.faults.invariants import assert_nobody_is_known
from tests.faults.scenario import Run, Size, perform
from tests.faults.scenarios import SCENARIOS
from tests.pipeline.pipeline import Pipeline

SEED = 20_261_122
RATE, SECONDS = 15.0, 6.0


@dataclass(frozen=True)
class Short:
    scenario: str
    times: int = 1
    outage: float = 0.1


SHORT = (
    Short("F01", times=5), Short("F02"), Short("F03"), Short("F05"), Short("F06"), Short("F08 lost", times=10),
    Short("F11", times=2), Short("F17"),
)  # fmt: skip


@pytest.mark.parametrize("short", SHORT, ids=lambda short: short.scenario)
def test_nothing_is_lost_and_nothing_doubled(pipeline: Pipeline, short: Short) -> None:
    scenario = SCENARIOS[short.scenario]
    size = Size(RATE, SECONDS, short.times / scenario.times, short.outage, age_seconds=5.0)
    outcome = perform(Run(scenario, pipeline, SEED, size))
    assert outcome.held and outcome.injected
    assert (outcome.lost, outcome.doubled) == (0, 0)


def test_after_all_of_them_nobody_is_known(pipeline: Pipeline) -> None:
    assert_nobody_is_known(pipeline)
