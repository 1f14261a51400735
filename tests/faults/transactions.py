"""Transactions that are too large or too long, and a log that is mostly not ours."""

import time
from contextlib import ExitStack
from typing import Final

import psycopg

from tests.faults.rows import inserted, record, write_elsewhere
from tests.faults.scenario import Run, Scenario
from tests.faults.watch import MEGABYTE, RETAINED, one
from tests.pipeline.pipeline import Pipeline, until


def huge_transaction(run: Run) -> None:
    """One of 50,000 rows, one that stays open for minutes, and much log that is not ours."""
    pipeline, rows = run.pipeline, max(1000, round(50_000 * run.size.share))
    with run.load(), ExitStack() as stack:
        open_one = stack.enter_context(psycopg.connect(pipeline.dsn))
        keys = inserted(open_one, 1)
        run.inject("transaction left open")
        before = time.monotonic()
        with psycopg.connect(pipeline.dsn) as one_go:
            many = inserted(one_go, rows)
            one_go.commit()
        record(pipeline, many)
        run.inject(f"transaction of {rows:,} rows")
        run.recovered()
        write_elsewhere(pipeline, round(100 * run.size.share) or 1)
        run.inject("log of other tables")
        run.pause(max(0.0, 300 * run.size.outage - (time.monotonic() - before)))
        open_one.commit()
        record(pipeline, keys)
        run.recovered()
    until(lambda: retained(pipeline) < 32 * MEGABYTE, "the slot keeps less than 32 MB", 120)


def retained(pipeline: Pipeline) -> int:
    return one(pipeline.source, RETAINED, pipeline.settings.slot_name)


SCENARIOS: Final = (
    Scenario("F18", "transaction of 50,000 rows, one open for 5 minutes, 100 MB of log of other tables",
             "I1-I7, the slot keeps < 32 MB afterwards", huge_transaction, fresh_seconds=60, rate_share=0.5),
)  # fmt: skip
