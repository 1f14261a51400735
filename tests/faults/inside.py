"""Inside a worker process (or its supervisor): failpoints, a wrong clock, broken rules.

Flows in: a `Plan` as JSON, from the environment, read by `inject/sitecustomize.py` before the product is imported.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

PLACES: Final[Mapping[str, tuple[str, int]]] = {
    "after facts": ("write_first", 20),
    "after entity rows": ("write_second", 20),
    "after watermark": ("write_watermarks", 6),
    "after an insert": ("insert", 200),
}
"""Failpoint -> the writer's method behind which it lies, and among how many calls one is chosen: about a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`kill_at`: places of which each process chooses one to die at, until `deaths` lines are in `hits`."""

    kill_at: tuple[str, ...] = ()
    deaths: int = 0
    hits: str = ""
    seed: int = 1
    broken: str = ""
    clock_seconds: float = 0.0
    gap_seconds: float = 0.0
    """Between what is loaded first after an assignment and what is loaded last; a line in `hits` says that it began."""
    impatient: bool = False
    """The supervisor starts the next process at once, so that a hundred deaths do not take an hour."""

    def environment(self) -> dict[str, str]:
        return {"TECHHUB_TEST_FAULTS": json.dumps(asdict(self)), "PYTHONPATH": str(Path(__file__).parent / "inject")}


def install(text: str) -> None:
    plan = Plan(**json.loads(text))
    if "streams.agents.process" in sys.orig_argv:
        in_worker(plan)
    elif "worker" in sys.orig_argv and plan.impatient:
        from ops import worker

        vars(worker)["LONGEST_PAUSE"] = worker.FIRST_PAUSE


def in_worker(plan: Plan) -> None:
    if plan.clock_seconds:
        wrong_clock(plan.clock_seconds)
    if plan.broken:
        from tests.faults.broken import break_rule

        break_rule(plan.broken)
    if plan.gap_seconds:
        slow_load(plan.gap_seconds, Path(plan.hits))
    hits = Path(plan.hits) if plan.hits else None
    if hits is not None and plan.kill_at:
        past = hits.read_text().splitlines() if hits.exists() else []
        if len(past) < plan.deaths:
            chance = random.Random(f"{plan.seed}:{len(past)}")
            # each place in its turn, so that all are hit equally often
            place = plan.kill_at[len(past) % len(plan.kill_at)]
            die_after(place, chance.randint(1, PLACES[place][1]), hits)


def die_after(place: str, count: int, hits: Path) -> None:
    """SIGKILL to ourselves when the method has returned so often: its rows are acknowledged, nothing else is."""
    from sinks.writer import Writer

    name, left = PLACES[place][0], [count]
    method: Callable[..., Any] = getattr(Writer, name)

    async def dying(self: Writer, *arguments: Any) -> None:
        await method(self, *arguments)
        left[0] -= 1
        if left[0] == 0:
            with hits.open("a") as file:
                file.write(f"{place}\n")
            os.kill(os.getpid(), signal.SIGKILL)
            await asyncio.sleep(60)

    patch(Writer, **{name: dying})


def slow_load(seconds: float, hits: Path) -> None:
    """Time for somebody else to write between two reads."""
    from streams.agents import loading

    last = loading.measures

    async def slow(*arguments: Any) -> None:
        with hits.open("a") as file:
            file.write("loading\n")
        await asyncio.sleep(seconds)
        await last(*arguments)

    patch(loading, measures=slow)


def wrong_clock(seconds: float) -> None:
    """The wall clock of this process is off; monotonic time is not."""
    clock, clock_ns = time.time, time.time_ns
    time.time = lambda: clock() + seconds
    time.time_ns = lambda: clock_ns() + int(seconds * 1e9)


def patch(owner: Any, **replaced: Any) -> None:
    for name, value in replaced.items():
        setattr(owner, name, value)
