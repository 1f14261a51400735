"""What a scenario is, and how one is run: load, faults, an end to the faults, and then every invariant.

Flows in: a `Scenario` and a pipeline. Flows out: an `Outcome`, or the first broken invariant as an AssertionError.
"""

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from deploy.local.source.simulate import Simulator
from schemas.settings import Settings
from tests.faults import invariants
from tests.faults.inside import Plan
from tests.faults.watch import Watch
from tests.pipeline.pipeline import SECONDS, Pipeline, Worker, until

FRESH_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a scenario is run. `share` of its iterations, at least one."""

    rate: float = 200.0
    seconds: float = 60.0
    share: float = 1.0
    outage: float = 1.0
    """Share of the length of an outage."""
    minutes: float = 20.0
    """Of the soak."""
    age_seconds: float = 3.0
    """Figures are fresh when they are younger."""

    def times(self, whole: int) -> int:
        return max(1, round(whole * self.share))


FULL: Final = Size()


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    fault: str
    holds: str
    body: "Callable[[Run], None]"
    times: int = 1
    """Iterations of the fault in a whole run."""
    rate_share: float = 1.0
    """Of the run's rate, where it takes so long that less load is enough."""
    fresh_seconds: float = FRESH_SECONDS
    """I11: within which everything is fresh again after the last fault."""
    own: bool = False
    """It leaves the pipeline or its stack changed, so it gets one of its own."""
    settles: bool = True
    """Whether the general check of I1-I7 follows; else the body checks what may hold."""


@dataclass(slots=True)
class Run:
    """One scenario on one pipeline: what its body works with."""

    scenario: Scenario
    pipeline: Pipeline
    seed: int
    size: Size
    broken: str = ""
    chance: random.Random = field(init=False)
    injected: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.watch = Watch(self.pipeline)

    @property
    def times(self) -> int:
        return self.size.times(self.scenario.times)

    @property
    def worker(self) -> Worker:
        return self.pipeline.worker

    def pause(self, least: float, most: float | None = None) -> None:
        """A random moment of a fault, or the length of an outage; never a wait for something to happen."""
        threading.Event().wait(least if most is None else self.chance.uniform(least, most))

    @contextmanager
    def load(self) -> Iterator[Simulator]:
        """Load as long as the body, and no shorter than the run's size says. Writes never fail (I7)."""
        began = time.monotonic()
        with self.pipeline.load(self.size.rate * self.scenario.rate_share, None, self.seed) as simulator:
            yield simulator
            self.pause(max(0.0, began + self.size.seconds - time.monotonic()))

    def inject(self, what: str, times: int = 1) -> None:
        self.injected[what] += times

    def recovered(self) -> None:
        """I11; said of the time since the last fault ended."""
        self.recoveries.append(
            invariants.fresh_again(self.pipeline, self.scenario.fresh_seconds + SECONDS, self.size.age_seconds)
        )

    def again_and_again(self, fault: Callable[[], None], least: float, most: float) -> None:
        for _ in range(self.times):
            self.pause(least, most)
            fault()

    @contextmanager
    def instead(self, plan: Plan | None = None, **changes: Any) -> Iterator[Worker]:
        """Another worker in place of the pipeline's: with other settings, or with faults inside."""
        usual = self.pipeline.worker
        settings: Settings = usual.settings.model_copy(update=changes)
        plan = replace(plan or Plan(), broken=self.broken)
        other = Worker(settings, usual.log.with_suffix(f".{self.scenario.name}.log"), plan.environment())
        usual.stop()
        self.pipeline.worker = other
        try:
            other.start()
            until(lambda: other.child().is_running(), "the other worker's process runs")
            yield other
        finally:
            with suppress(Exception):
                other.stop()
            other.end()
            self.pipeline.worker = usual
            usual.start()

    @contextmanager
    def beside(self, number: int, plan: Plan | None = None) -> Iterator[Worker]:
        """One more worker of the group, not yet started."""
        with self.pipeline.beside(number, replace(plan or Plan(), broken=self.broken).environment()) as worker:
            yield worker

    def dying(self, *places: str) -> Plan:
        """A plan by which each process dies at one of these places, `times` at each."""
        deaths = self.times * len(places)
        return Plan(kill_at=places, deaths=deaths, hits=self.file(), seed=self.seed, impatient=True)

    def file(self) -> str:
        """An empty file that faults inside a worker leave their marks in."""
        with tempfile.NamedTemporaryFile(prefix="techhub-hits-", delete=False) as file:
            return file.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """A line of the report."""

    scenario: Scenario
    seed: int
    times: int
    rate: float
    changes: int
    lost: int
    doubled: int
    injected: dict[str, int]
    recovery_seconds: float | None
    failure: str = ""

    @property
    def held(self) -> bool:
        return not self.failure


def perform(run: Run) -> Outcome:
    """Runs it; AssertionError names what did not hold."""
    print(f"{run.scenario.name} seed {run.seed}: {run.scenario.fault}", flush=True)
    pipeline = run.pipeline
    invariants.begin(pipeline)
    with run.watch:
        run.scenario.body(run)
        if run.scenario.settles:
            run.recovered()
            until(lambda: pipeline.worker.process is not None, "the usual worker is back")
    if run.scenario.settles:
        invariants.assert_consistent(pipeline)
        run.watch.assert_honest()
    run.watch.assert_harmless()
    return outcome(run)


def outcome(run: Run, failure: str = "") -> Outcome:
    missing, surplus = invariants.lost_and_doubled(run.pipeline)
    rate = run.size.rate * run.scenario.rate_share
    slowest = max(run.recoveries, default=None)
    return Outcome(
        run.scenario, run.seed, run.times, rate, invariants.changes(run.pipeline), missing, surplus,
        dict(run.injected), slowest, failure,
    )  # fmt: skip


def failed(run: Run, error: Exception) -> Outcome:
    """What can still be said of a run that did not hold."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removeprefix("AssertionError:").strip()
    failure = text or "what was asserted was not so"
    with suppress(Exception):
        return outcome(run, failure)
    return Outcome(run.scenario, run.seed, run.times, run.size.rate, 0, 0, 0, dict(run.injected), None, failure)


def forget(plan: Plan) -> None:
    Path(plan.hits).unlink(missing_ok=True)
