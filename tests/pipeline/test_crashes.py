"""Processes die at random moments under load; afterwards everything is there, once, and in order."""

import random
import threading
from collections import Counter

from tests.faults.invariants import assert_consistent, begin
from tests.pipeline.pipeline import Pipeline

SEED = 20_261_122
RATE = 60.0


def pause(seconds: float) -> None:
    """A random moment of a fault; not a wait for something to happen."""
    threading.Event().wait(seconds)


def test_a_worker_that_is_killed_at_random_moments_loses_and_doubles_nothing(pipeline: Pipeline) -> None:
    begin(pipeline)
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    with pipeline.load(RATE, 12, SEED):
        for _ in range(4):
            pause(chance.uniform(0.3, 2.0))
            pipeline.worker.kill()
    assert_consistent(pipeline)


def test_connect_that_is_killed_sends_changes_again_and_none_counts_twice(pipeline: Pipeline) -> None:
    """The second time together with the worker."""
    begin(pipeline)
    chance = random.Random(SEED + 1)
    print(f"seed {SEED + 1}")
    with pipeline.load(RATE, 16, SEED + 1):
        pause(chance.uniform(0.5, 2.0))
        pipeline.kill_connect()
        pause(chance.uniform(0.5, 2.0))
        pipeline.kill_part("connect")
        pipeline.worker.kill()
        pipeline.restore()
    assert_consistent(pipeline)


def test_sigterm_under_load_ends_in_time_with_everything_it_read_written(pipeline: Pipeline) -> None:
    begin(pipeline)
    with pipeline.load(RATE, 6, SEED + 2):
        pause(random.Random(SEED + 2).uniform(1.0, 3.0))
        code, seconds = pipeline.worker.stop()
        assert (code, pipeline.worker.said("was not flushed")) == (0, 0)
        assert seconds <= 15
        versions = "SELECT _topic, _partition, max(_version) FROM {} GROUP BY _topic, _partition"
        tables = [*pipeline.contract.tables, "requests", "bookings", "request_transitions", "activity_1m"]
        written: Counter[tuple[str, int]] = Counter()
        for table in tables:
            where = " WHERE origin != 'history'" if table.endswith("transitions") else ""
            sql = versions.format(f"`{table}`{where}")
            for topic, partition, version in pipeline.query(sql):
                written[topic, partition] = max(written[topic, partition], version)
        marks = {(t, p): n for t, p, n in pipeline.query("SELECT topic, partition, next_offset FROM watermarks FINAL")}
        assert all(version <= marks[place] for place, version in written.items()), "rows above their watermark"
        pipeline.worker.start()
    assert_consistent(pipeline)
