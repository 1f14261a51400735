"""Faults of the parts around the worker: Kafka, Connect, PostgreSQL, ClickHouse, and the network between them."""

import signal
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from connectors.apply import apply
from tests.faults.network import kafka_proxy
from tests.faults.proxy import PASS, Proxy, Rule
from tests.faults.scenario import Run, Scenario
from tests.pipeline.pipeline import SECONDS, until

STALL_SECONDS: Final = 20.0
"""A stall shows within 15 s; the rest is for asking."""


def broken_off(run: Run, part: str, what: signal.Signals) -> None:
    run.pipeline.stop_part(part, what)
    run.inject(f"{what.name} to {part}")
    run.pipeline.restore()


def kafka(run: Run) -> None:
    began = run.worker.child().pid
    with run.load():
        for what in (signal.SIGTERM, signal.SIGKILL):
            for _ in range(run.times):
                run.pause(1.0, 3.0)
                broken_off(run, "kafka", what)
                run.recovered()
    assert run.worker.child().pid == began, "the worker waited, it was not started again"


def connect(run: Run) -> None:
    """Every second time together with the worker."""
    with run.load():
        for number in range(run.times):
            run.pause(0.5, 2.0)
            run.pipeline.kill_part("connect")
            run.inject("SIGKILL to connect")
            if number % 2:
                run.worker.kill()
                run.inject("SIGKILL to the worker")
            run.pipeline.restore()
            run.recovered()


def postgres(run: Run) -> None:
    with run.load():
        for what in (signal.SIGINT, signal.SIGQUIT):
            for _ in range(run.times):
                run.pause(1.0, 3.0)
                broken_off(run, "postgres", what)
                run.recovered()


def clickhouse_away(run: Run) -> None:
    worker, began = run.worker, run.worker.child().pid
    away, back = worker.said("does not take rows"), worker.said("takes rows again")
    with run.load():
        for _ in range(run.times):
            run.pause(0.5, 1.5)
            run.pipeline.kill_part("clickhouse")
            run.inject("SIGKILL to clickhouse")
            until(lambda: worker.said("does not take rows") > away, "the worker says that ClickHouse is away")
            done = run.pipeline.command("status")
            assert done.returncode == 3 and "error ClickHouse cannot be reached" in done.stderr
            run.pause(60 * run.size.outage)
            run.pipeline.restore()
            until(lambda: worker.said("takes rows again") > back, "the worker says that ClickHouse is back")
            run.recovered()
    assert worker.child().pid == began, "the worker waited, it was not started again"


def clickhouse_killed(run: Run) -> None:
    with run.load():
        for _ in range(run.times):
            run.pause(0.5, 3.0)
            broken_off(run, "clickhouse", signal.SIGKILL)
            run.recovered()


def behind_proxy(run: Run, body: Callable[[Proxy], None]) -> None:
    """A worker whose way to ClickHouse a proxy is in."""
    dsn = run.pipeline.settings.clickhouse_dsn
    assert dsn is not None
    parts = urlsplit(dsn.get_secret_value())
    with Proxy(parts.port or 8123, seed=run.seed) as proxy, run.load():
        place = f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}"
        with run.instead(clickhouse_dsn=SecretStr(urlunsplit(parts._replace(netloc=place)))) as worker:
            run.recovered()
            began = worker.child().pid
            body(proxy)
            proxy.rule = PASS
            run.recovered()
            assert worker.child().pid == began, "no crash loop: the worker waited"


def clickhouse_slow(run: Run) -> None:
    def body(proxy: Proxy) -> None:
        proxy.rule = Rule(latency_seconds=1.0)
        run.inject("2 s a request")
        run.pause(60 * run.size.outage)

    behind_proxy(run, body)


def answers_lost(run: Run) -> None:
    """Inserts are applied, and the worker does not hear of it."""

    def body(proxy: Proxy) -> None:
        proxy.rule = Rule(answers_lost=0.3)
        until(lambda: proxy.counts["answer lost"] >= run.times, f"{run.times} answers lost", SECONDS + run.times * 2)
        run.inject("answer lost", proxy.counts["answer lost"])

    behind_proxy(run, body)


def network_cut(run: Run) -> None:
    """Between worker and broker: silence of 5, 30 and 90 s, then resets on a slow line."""
    proxy = kafka_proxy(run.pipeline.stack, run.seed)
    with proxy, run.load(), run.instead(kafka_bootstrap=f"127.0.0.1:{proxy.port}"):
        run.recovered()
        for seconds in (5, 30, 90):
            proxy.rule = Rule(blackhole=True)
            run.inject(f"cut for {seconds} s")
            if seconds * run.size.outage > STALL_SECONDS:
                assert_shows_the_stall(run)
            run.pause(seconds * run.size.outage)
            proxy.rule = PASS
            run.recovered()
        proxy.rule = Rule(latency_seconds=0.1)
        for _ in range(run.times):
            run.pause(0.2, 2.0)
            proxy.reset()
            run.inject("connections reset")
        proxy.rule = PASS
        run.recovered()


def assert_shows_the_stall(run: Run) -> None:
    """I6: nothing is shown healthy while it stands."""
    states = "SELECT DISTINCT state FROM v_freshness"
    until(lambda: run.pipeline.query(states) == [("stalled",)], "all tables are stalled", STALL_SECONDS)
    assert run.pipeline.command("status").returncode == 1


def source_cut(run: Run) -> None:
    """PostgreSQL and Connect do not hear of each other, and nobody tells them."""
    usual = run.pipeline.settings
    target = urlsplit(run.pipeline.dsn).port
    assert target is not None
    with Proxy(target, seed=run.seed) as proxy:
        behind = usual.model_copy(update={"connector_postgres_port": proxy.port})
        apply(behind, run.pipeline.contract, lambda _: None, deadline_seconds=SECONDS)
        try:
            with run.load():
                run.recovered()
                proxy.rule = Rule(blackhole=True)
                run.inject("cut for 120 s")
                if 120 * run.size.outage > STALL_SECONDS:
                    assert_shows_the_stall(run)
                threading.Event().wait(120 * run.size.outage)
                proxy.rule = PASS
                run.recovered()
        finally:
            proxy.rule = PASS
            apply(usual, run.pipeline.contract, lambda _: None, deadline_seconds=SECONDS)


SCENARIOS: Final = (
    Scenario("F06", "Kafka restarted, Kafka SIGKILL", "I1-I7, fresh within 30 s, the worker lives on", kafka, times=3),
    Scenario("F07", "network worker-Kafka cut, then resets on a slow line", "I1-I7, stall shown", network_cut, times=50,
             fresh_seconds=60),
    Scenario("F08 away", "ClickHouse away for 60 s", "I1-I7, the worker waits and says so", clickhouse_away),
    Scenario("F08 slow", "ClickHouse takes 2 s a request", "I1-I7, the worker lives on", clickhouse_slow),
    Scenario("F08 lost", "answers of ClickHouse lost after the insert", "I1-I7, the worker lives on", answers_lost,
             times=50),
    Scenario("F09 killed", "ClickHouse SIGKILL mid-insert", "I1-I7", clickhouse_killed, times=5),
    Scenario("F10", "PostgreSQL restarted fast, immediately", "I1-I4, captured again within 30 s without hands",
             postgres, times=3),
    Scenario("F11", "Connect SIGKILL", "I1-I7: what is sent again does not count", connect, times=6),
    Scenario("F12", "network PostgreSQL-Connect silently cut", "I1-I7, stall shown", source_cut, fresh_seconds=60),
)  # fmt: skip
