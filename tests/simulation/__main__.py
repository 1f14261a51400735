"""Many seeds of the simulation, on all cores: `make seeds SEEDS=100000`.

A seed that fails is made small and printed as a script that reproduces it. With `--report` the result is written into
`docs/simulation.md`.
"""

import argparse
import datetime
import json
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ops.bench import machine
from tests.simulation.report import result, write
from tests.simulation.rules import BROKEN
from tests.simulation.scenario import Rules, Script, run, script
from tests.simulation.shrinking import shrunk

CHUNK: Final = 50
SHRUNK: Final = 3
"""Failures that are made small and printed."""


@dataclass(slots=True)
class Tally:
    seeds: int = 0
    count: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.seeds += other.seeds
        self.count += other.count
        self.failed |= other.failed
        return self


def rules(name: str | None) -> AbstractContextManager[Rules]:
    return BROKEN[name].applied() if name else nullcontext(Rules())


def failure(found: Script, rule: Rules) -> str | None:
    try:
        run(found, rule)
    except Exception as error:
        return f"{type(error).__name__}: {error}" if not isinstance(error, AssertionError) else str(error)
    return None


def tally(seeds: Sequence[int], broken: str | None) -> Tally:
    """Runs in a process of its own."""
    warnings.simplefilter("ignore", RuntimeWarning)  # coroutines of workers that died
    made = Tally()
    with rules(broken) as rule:
        for seed in seeds:
            made.seeds += 1
            try:
                made.count += run(script(seed), rule)
            except Exception as error:
                made.failed[seed] = str(error) or repr(error)
    return made


def tallies(seeds: Sequence[int], broken: str | None, jobs: int, until: float) -> Iterator[Tally]:
    """`until` (of the monotonic clock) no more are begun."""
    chunks = iter([seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)])
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(tally, chunk, broken) for chunk in islice(chunks, 2 * jobs)}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield future.result()
                if time.monotonic() < until and (chunk := next(chunks, None)) is not None:
                    running.add(pool.submit(tally, chunk, broken))


def shown(console: Console, total: int, found: Iterator[Tally]) -> Tally:
    """Adds up, with a bar."""
    all_of_it = Tally()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("seeds", total=total)
        for part in found:
            all_of_it += part
            failed = f", {len(all_of_it.failed)} failed" if all_of_it.failed else ""
            progress.update(task, completed=all_of_it.seeds, description=f"seeds{failed}")
    return all_of_it


def explain(console: Console, seed: int, broken: str | None) -> None:
    """Prints the smallest script that fails like the seed, and how to run it."""
    with rules(broken) as rule:
        small = shrunk(script(seed), lambda candidate: failure(candidate, rule) is not None)
        reason = failure(small, rule)
    text = json.dumps([small.partitions, small.workers, small.forgetful, small.actions])
    extra = f" --break '{broken}'" if broken else ""
    console.print(f"seed {seed}, made small to {len(small.actions)} actions: {reason}", markup=False, highlight=False)
    console.print(f"python -m tests.simulation{extra} --script '{text}'", markup=False, highlight=False, soft_wrap=True)


def replayed(text: str, broken: str | None) -> int:
    partitions, workers, forgetful, actions = json.loads(text)
    found = Script(partitions, workers, forgetful, tuple((name, draw) for name, draw in actions))
    with rules(broken) as rule:
        reason = failure(found, rule)
    print(reason or "exact")
    return 1 if reason else 0


def arguments(given: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser("python -m tests.simulation", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one (default 0)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after that long, whatever is left")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--break", choices=sorted(BROKEN), dest="broken", help="with a rule broken: it must show")
    parser.add_argument("--script", help="one script, as a failing seed prints it")
    parser.add_argument("--report", action="store_true", help="write the result into docs/simulation.md")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    asked, console = arguments(given), Console()
    if asked.script:
        return replayed(asked.script, asked.broken)
    began = time.monotonic()
    seeds = range(asked.first, asked.first + asked.seeds)
    found = shown(console, len(seeds), tallies(seeds, asked.broken, asked.jobs, began + 60 * asked.minutes))
    minutes = (time.monotonic() - began) / 60
    console.print(f"{found.seeds:,} seeds in {minutes:.1f} minutes on {machine()}: {len(found.failed):,} failed")
    console.print(", ".join(f"{number:,} {name}" for name, number in found.count.most_common()))
    if asked.report:
        today = datetime.datetime.now(datetime.UTC).date()
        failed = len(found.failed)
        lines = result(found.seeds, asked.first, minutes, failed, machine(), today, found.count)
        write(Path("docs/simulation.md"), lines)
    for seed in sorted(found.failed)[:SHRUNK]:
        explain(console, seed, asked.broken)
    return 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
