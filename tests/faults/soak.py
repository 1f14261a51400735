"""F23: every short fault of one worker and of the parts around it, mixed by seed, for as long as it is told to run."""

import signal
import time
from collections.abc import Callable
from typing import Final

from tests.faults.network import kafka_proxy
from tests.faults.parts import broken_off
from tests.faults.proxy import PASS, Proxy, Rule
from tests.faults.scenario import Run, Scenario

Fault = Callable[[Run, Proxy], None]


def worker_killed(run: Run, proxy: Proxy) -> None:
    run.worker.kill()
    run.inject("SIGKILL to the worker")


def part(name: str, what: signal.Signals) -> Fault:
    return lambda run, proxy: broken_off(run, name, what)


def cut(run: Run, proxy: Proxy) -> None:
    proxy.rule = Rule(blackhole=True)
    run.pause(2.0, 12.0)
    proxy.rule = PASS
    run.inject("network cut")


def resets(run: Run, proxy: Proxy) -> None:
    proxy.rule = Rule(latency_seconds=0.1)
    for _ in range(5):
        run.pause(0.2, 2.0)
        proxy.reset()
    proxy.rule = PASS
    run.inject("connections reset", 5)


FAULTS: Final[tuple[Fault, ...]] = (
    worker_killed, part("kafka", signal.SIGTERM), part("kafka", signal.SIGKILL), part("clickhouse", signal.SIGKILL),
    part("postgres", signal.SIGINT), part("postgres", signal.SIGQUIT), part("connect", signal.SIGKILL), cut, resets,
)  # fmt: skip


def mixed(run: Run) -> None:
    """Often the next fault comes before the last one is over."""
    deadline, proxy = time.monotonic() + run.size.minutes * 60, kafka_proxy(run.pipeline.stack, run.seed)
    with proxy, run.load(), run.instead(kafka_bootstrap=f"127.0.0.1:{proxy.port}"):
        while time.monotonic() < deadline:
            run.chance.choice(FAULTS)(run, proxy)
            if run.chance.random() < 0.5:
                run.recovered()
            else:
                run.pause(0.1, 8.0)
        run.recovered()


SCENARIOS: Final = (
    Scenario("F23", "soak: faults of worker, Kafka, network, ClickHouse, PostgreSQL, Connect mixed", "I1-I7", mixed,
             fresh_seconds=60, rate_share=0.5),
)  # fmt: skip
