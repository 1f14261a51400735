"""The long proof, on a stack of its own: everything at its real size, compared with PostgreSQL before and after a load.

1. The source holds the real techhub's volumes (`--scale 1`). Capture begins, and while its snapshot is read the
   application goes on writing to every domain.
2. When the snapshot is in ClickHouse: every mirror row by row and every stock (`reconcile`), every view against the
   oracle's plain SQL over PostgreSQL.
3. Five minutes of load in every domain, and the same again; also every acknowledged change in its order.

Prints what was compared; ends with 1 at the first difference. Takes about twenty minutes on two cores.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from connectors import catalogue
from deploy.local.source.simulate import Simulator
from deploy.local.source.simulate.actions import WEIGHTS
from deploy.local.stack import Stack
from ops.comparison import Comparison
from tests.faults.invariants import assert_consistent, begin
from tests.faults.network import PROXIED
from tests.pipeline import oracle
from tests.pipeline.pipeline import Pipeline, pipeline_on, report, until

PATIENCE: Final = 1800.0
"""Seconds that a step may take; no figure of speed."""
KEPT: Final = {name: weight for name, weight in WEIGHTS.items() if name != "delete_request"}
"""While the snapshot is read: the history of a request that goes before its history facts are made is not told."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.full", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of the real volumes")
    parser.add_argument("--seconds", type=float, default=300.0, help="of load")
    parser.add_argument("--rate", type=float, default=40.0, help="transactions a second")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="techhub-full-") as directory:
        root = Path(directory)
        root.chmod(0o755)
        try:
            tell(f"starting a stack and loading the source at scale {options.scale:g}")
            stack = Stack(root, parts=PROXIED).up("full", scale=options.scale)
            with pipeline_on(stack, root, before=begun, beside=writes(options.rate), seconds=PATIENCE) as pipeline:
                prove(pipeline, options.rate, options.seconds)
        except AssertionError as difference:
            print(f"different: {difference}", file=sys.stderr)
            return 1
        finally:
            Stack(root, parts=PROXIED).down("full", purge=True)
    tell("exact, before and after the load")
    return 0


def begun(pipeline: Pipeline) -> None:
    counts = [pipeline.execute(f"SELECT count(*) FROM {table}")[0][0] for table in pipeline.contract.tables]
    tell(f"source: {len(counts)} captured tables, {sum(counts):,} rows")
    oracle.install(pipeline)


def writes(rate: float) -> Callable[[Pipeline], AbstractContextManager[None]]:
    """Load in every domain from the moment that the slot has its position, until the snapshot is in ClickHouse."""

    @contextmanager
    def beside(pipeline: Pipeline) -> Iterator[None]:
        began, done, failed = time.monotonic(), threading.Event(), list[BaseException]()

        def run() -> None:
            try:
                until(lambda: done.is_set() or positioned(pipeline), "the slot has its position", PATIENCE)
                with Simulator(pipeline.dsn, 11, connections=2, ledger=pipeline.ledger, weights=KEPT) as simulator:
                    while not done.is_set():
                        simulator.run(rate, 5)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(PATIENCE)
        assert not failed, f"a write to the source failed: {failed[0]}"
        seconds = time.monotonic() - began
        committed = len(pipeline.ledger.entries)
        tell(f"snapshot: in ClickHouse after {seconds:.0f} s, {committed:,} transactions committed meanwhile")

    return beside


def positioned(pipeline: Pipeline) -> bool:
    """What commits from now on is streamed; what committed before is in the snapshot."""
    with catalogue.connect(pipeline.settings) as connection:
        slot = catalogue.read_slot(connection, pipeline.settings.slot_name)
    return slot is not None and slot.confirmed_flush_lsn is not None


def prove(pipeline: Pipeline, rate: float, seconds: float) -> None:
    compare(pipeline, "after the snapshot")
    begin(pipeline)
    summary = pipeline.simulate(rate, seconds, 13)
    changes = f"{sum(summary.changes.values()):,} changes of {len(summary.changes)} tables"
    tell(f"load: {summary.committed:,} transactions, {changes} in {seconds:.0f} s")
    assert_consistent(pipeline)
    tell("every acknowledged change once and in its order; flows equal facts, stocks equal entities")
    compare(pipeline, "after the load")


def compare(pipeline: Pipeline, when: str) -> None:
    pipeline.settle()
    result = pipeline.reconcile()
    assert result.exact, report(result)
    tables = [part for part in result.comparisons if part.name in pipeline.contract.tables]
    stocks = [part for part in result.comparisons if part not in tables]
    tell(
        f"{when}: {len(tables)} mirrors, {compared(tables)} rows; {len(stocks)} stocks, {compared(stocks)} keys: equal"
    )
    shown, different = 0, list[str]()
    for view in oracle.COLUMNS:
        try:
            shown += oracle.compare(pipeline, view)
        except AssertionError as difference:
            different.append(f"{view}: {difference}")
    assert not different, "\n".join(different)
    tell(f"{when}: {len(oracle.COLUMNS)} views, {shown:,} rows: equal to plain SQL over PostgreSQL")


def compared(parts: list[Comparison]) -> str:
    return f"{sum(part.compared for part in parts):,}"


def tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
