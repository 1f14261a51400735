"""Faults of those who look: many viewers of the live page, some of whom read nothing."""

import time
from typing import Final

from benchmarks.viewers import NOTICE_SECONDS, joined, serving, watching
from tests.faults.scenario import Run, Scenario

STALLED_SHARE: Final = 0.25


def crowd(run: Run) -> None:
    """`times` is how many there are."""
    stalled = max(1, round(run.times * STALLED_SHARE))
    with serving(run.pipeline.settings) as address, run.load(), joined(address, run.times, stalled) as viewers:
        run.inject("viewer", run.times - stalled)
        run.inject("viewer who reads nothing", stalled)
        deadline = time.monotonic() + NOTICE_SECONDS
        while watching(address) > run.times - stalled and time.monotonic() < deadline:
            run.pause(0.5)
        run.recovered()
        left = viewers.leave()
    assert (left.stalled_cut, left.others_cut) == (stalled, 0), left


SCENARIOS: Final = (
    Scenario("F22", "200 viewers of the live page, 50 of them read nothing", "I1-I7, who reads nothing is cut", crowd,
             times=200),
)  # fmt: skip
