"""Faults of worker processes: death, sleep, company, a wrong clock."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.faults.inside import Plan
from tests.faults.network import kafka_proxy
from tests.faults.proxy import PASS, Rule
from tests.faults.scenario import Run, Scenario, forget
from tests.pipeline.pipeline import SECONDS, Pipeline, Worker, until

LEAVES_SECONDS: Final = 30.0
"""Its own limit is 15; the rest is for a machine that is busy with starting and stopping."""
FLUSHED: Final = ("requests", "bookings", "request_transitions", "activity_1m")

READING: Final = "from their watermarks"
"""What a worker says when it reads on."""


def killed(run: Run) -> None:
    def kill() -> None:
        run.worker.kill()
        run.inject("SIGKILL to the worker")

    with run.load():
        run.again_and_again(kill, 0.5, 5.0)


def killed_between(run: Run) -> None:
    """Each process dies at a place of its own, and the next begins where the watermark is."""
    plan = run.dying("after facts", "after entity rows", "after watermark", "after an insert")
    with run.load(), run.instead(plan):
        until(lambda: len(hits(plan)) == plan.deaths, f"{plan.deaths} deaths", plan.deaths * 60)
        run.recovered()
    for place, count in Counter(hits(plan)).items():
        run.inject(f"death {place}", count)
    forget(plan)


def hits(plan: Plan) -> list[str]:
    return Path(plan.hits).read_text().splitlines()


def terminated(run: Run) -> None:
    def terminate() -> None:
        code, seconds = run.worker.stop()
        assert (code, run.worker.said("was not flushed")) == (0, 0)
        assert seconds <= LEAVES_SECONDS
        assert_nothing_above_watermarks(run.pipeline)
        run.inject("SIGTERM")
        run.worker.start()
        until(lambda: run.worker.child().is_running(), "the next worker process runs")

    with run.load():
        run.again_and_again(terminate, 1.0, 5.0)


def assert_nothing_above_watermarks(pipeline: Pipeline) -> None:
    """What was read was written, up to its watermark."""
    versions = "SELECT _topic, _partition, max(_version) FROM {} GROUP BY _topic, _partition"
    written: Counter[tuple[str, int]] = Counter()
    for table in (*pipeline.contract.tables, *FLUSHED):
        where = " WHERE origin != 'history'" if table.endswith("transitions") else ""
        for topic, partition, version in pipeline.query(versions.format(f"`{table}`{where}")):
            written[topic, partition] = max(written[topic, partition], version)
    marks = {(t, p): n for t, p, n in pipeline.query("SELECT topic, partition, next_offset FROM watermarks FINAL")}
    assert all(version <= marks[place] for place, version in written.items()), "rows above their watermark"


def coming_and_going(run: Run) -> None:
    """Three workers of one group; every three seconds one is started or stopped."""
    with run.load(), ExitStack() as stack:
        others = [stack.enter_context(run.beside(number)) for number in (1, 2)]
        running: set[int] = set()
        for _ in range(run.times):
            number = run.chance.randrange(2)
            if number in running:
                others[number].stop()
                running.discard(number)
                run.inject("worker stopped")
            else:
                others[number].start()
                running.add(number)
                run.inject("worker started")
            run.pause(3.0)
        run.recovered()
        for number in running:
            others[number].stop()
        run.recovered()


def asleep(run: Run) -> None:
    """It sleeps until another has its partitions, and then writes what it had."""
    with run.load(), run.beside(1) as other:
        other.start()
        shares(other)
        for _ in range(run.times):
            run.pause(1.0, 3.0)
            sleeper = run.worker.child()
            sleeper.suspend()
            try:
                run.recovered()  # only when the other has all partitions
            finally:
                sleeper.resume()
            run.inject("SIGSTOP until another took over, SIGCONT")
            run.recovered()
        other.stop()


def asleep_while_loading(run: Run) -> None:
    """It wakes up when another has read one half of the state and not yet the other, and writes what it had: that it
    has lost its partitions it does not hear yet."""
    plan, proxy = Plan(gap_seconds=3.0, hits=run.file()), kafka_proxy(run.pipeline.stack, run.seed)
    place = f"127.0.0.1:{proxy.port}"
    with proxy, run.load(), run.instead(kafka_bootstrap=place) as sleeping, run.beside(1, plan) as other:
        other.start()
        shares(other)
        for _ in range(run.times):
            run.recovered()
            run.pause(0.5, 1.0)
            sleeper, before, read = sleeping.child(), len(hits(plan)), other.said(READING)
            sleeper.suspend()
            proxy.rule = Rule(blackhole=True)
            try:
                until(lambda n=before: len(hits(plan)) > n, "the other loads the state")  # type: ignore[misc]
            finally:
                sleeper.resume()
            run.inject("SIGSTOP until another loads, SIGCONT")
            until(lambda n=read: other.said(READING) > n, "the other reads on")  # type: ignore[misc]
            run.pause(2.0, 3.0)
            proxy.rule = PASS
        run.recovered()
        other.stop()
    forget(plan)


def shares(worker: Worker) -> None:
    until(lambda: worker.said(READING) > 0, "the second worker reads partitions", SECONDS)


def wrong_clock(run: Run) -> None:
    with run.load():
        for seconds in (600.0, -600.0):
            with run.instead(Plan(clock_seconds=seconds)):
                run.recovered()
                run.inject(f"clock {seconds:+.0f} s")
        with run.instead(timezone="Pacific/Auckland") as worker:
            run.recovered()
            assert worker.process is not None
            run.inject("another time zone")


SCENARIOS: Final = (
    Scenario("F01", "worker SIGKILL at random moments", "I1-I7, fresh within 30 s", killed, times=20),
    Scenario(
        "F02", "worker dies between facts, entity rows, watermark, commit", "I1-I7", killed_between, times=100,
        rate_share=0.25,
    ),
    Scenario("F03", "SIGTERM under load", "leaves within 15 s with everything flushed, I1-I7", terminated, times=10),
    Scenario("F04", "of three workers one starts or stops every 3 s", "I1-I7, fresh within 30 s", coming_and_going,
             times=20),
    Scenario("F05", "worker SIGSTOP until another took over, then SIGCONT", "I1-I7", asleep, times=5),
    Scenario("F05 loading", "worker SIGSTOP, SIGCONT while another loads the state", "I1-I7", asleep_while_loading,
             times=5),
    Scenario("F19", "clock of the worker 10 minutes off, another time zone", "I1-I7", wrong_clock),
)  # fmt: skip
