"""`make faults`: scenarios one after the other on an embedded stack of its own; the report goes to docs/faults.md.

A scenario that fails ends its pipeline, and the next gets a new one. Exit code 1 when anything did not hold.
"""

import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.stack import Addresses, Stack
from tests.faults import report
from tests.faults.broken import RULES
from tests.faults.inside import Plan
from tests.faults.invariants import assert_nobody_is_known
from tests.faults.network import PROXIED
from tests.faults.scenario import FULL, Outcome, Run, Scenario, Size, failed, perform
from tests.faults.scenarios import chosen
from tests.pipeline.conftest import watched
from tests.pipeline.pipeline import Pipeline, pipeline_on

NAME = "faults"


@contextmanager
def fresh_stack() -> Iterator[Addresses]:
    with tempfile.TemporaryDirectory(prefix="techhub-faults-", ignore_cleanup_errors=True) as directory:
        root = Path(directory)
        root.chmod(0o711)  # PostgreSQL may run as another user
        try:
            yield Stack(root, parts=PROXIED).up(NAME, empty=True)
        finally:
            Stack(root, parts=PROXIED).down(NAME, purge=True)


@dataclass(slots=True)
class Bench:
    """A stack, and the pipeline that scenarios share until one leaves it changed."""

    stack: Addresses
    broken: str = ""
    opened: ExitStack = field(default_factory=ExitStack)
    pipeline: Pipeline | None = None

    def ready(self) -> Pipeline:
        if self.pipeline is None:
            injected = Plan(broken=self.broken).environment() if self.broken else {}
            logs = self.stack.directory / "logs"
            self.pipeline = self.opened.enter_context(
                pipeline_on(self.stack, logs, before=with_oracle, injected=injected)
            )
        return self.pipeline

    def discard(self) -> None:
        pipeline, self.pipeline = self.pipeline, None
        self.opened.close()
        if pipeline is not None:
            drop_oracle(self.stack)

    def run(self, scenario: Scenario, seed: int, size: Size) -> Outcome:
        if scenario.own:
            self.discard()
        run = Run(scenario, self.ready(), seed, size, self.broken)
        try:
            outcome = perform(run)
            assert_nobody_is_known(run.pipeline)
            return outcome
        except Exception as error:
            traceback.print_exc()
            outcome = failed(run, error)
            self.discard()
            return outcome
        finally:
            if scenario.own:
                self.discard()


def with_oracle(pipeline: Pipeline) -> None:
    watched(pipeline)


def drop_oracle(stack: Addresses) -> None:
    import psycopg

    with psycopg.connect(stack.postgres_dsn, autocommit=True) as source:
        source.execute("DROP SCHEMA IF EXISTS oracle CASCADE")


def main(
    only: Annotated[str, typer.Option(help="Scenarios, such as F05 or F01,F08; default: all.")] = "",
    seed: Annotated[int, typer.Option(help="Decides moments, order and load.")] = 1,
    runs: Annotated[int, typer.Option(help="How many seeds, from that one on.")] = 1,
    rate: Annotated[float, typer.Option(help="Transactions a second.")] = FULL.rate,
    seconds: Annotated[float, typer.Option(help="Least length of the load.")] = FULL.seconds,
    share: Annotated[float, typer.Option(help="Share of each scenario's iterations.")] = FULL.share,
    outage: Annotated[float, typer.Option(help="Share of the length of outages.")] = FULL.outage,
    minutes: Annotated[float, typer.Option(help="Length of the soak, F23.")] = FULL.minutes,
    age: Annotated[float, typer.Option(help="Seconds below which figures count as fresh.")] = FULL.age_seconds,
    broken: Annotated[str, typer.Option(help=f"A rule to break: {', '.join(RULES)}.")] = "",
    write: Annotated[bool, typer.Option(help="Update docs/faults.md.")] = True,
) -> None:
    """Injects faults into the real processes and checks every invariant."""
    size = Size(rate, seconds, share, outage, minutes, age)
    try:
        scenarios = chosen(RULES[broken].noticed_by if broken else only)
    except LookupError as error:
        raise typer.BadParameter(str(error)) from None
    with fresh_stack() as stack:
        bench = Bench(stack, broken)
        try:
            held = (
                show_broken(bench, seed, runs, size, write)
                if broken
                else run_all(bench, scenarios, seed, runs, size, write)
            )
        finally:
            bench.discard()
    sys.exit(0 if held else 1)


def run_all(bench: Bench, scenarios: list[Scenario], seed: int, runs: int, size: Size, write: bool) -> bool:
    held = True
    for scenario in scenarios:
        outcomes = [bench.run(scenario, seed + number, size) for number in range(runs)]
        row = report.row(outcomes)
        print(" | ".join(row), flush=True)
        held = held and all(outcome.held for outcome in outcomes)
        if write:
            report.update({scenario.name: row}, {})
    return held


def show_broken(bench: Bench, seed: int, runs: int, size: Size, write: bool) -> bool:
    """True when the scenario notices, within that many seeds; a worker that only stands still is not noticed."""
    rule = RULES[bench.broken]
    (scenario, *_) = chosen(rule.noticed_by)
    for number in range(seed, seed + runs):
        outcome = bench.run(scenario, number, size)
        if not outcome.held and "not within" not in outcome.failure:
            break
    noticed = not outcome.held and "not within" not in outcome.failure
    row = (bench.broken, rule.meaning, scenario.name, f"{seed}-{number}", outcome.failure or "nothing")
    print(" | ".join(row), flush=True)
    if write:
        report.update({}, {bench.broken: row})
    return noticed


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)
app()
