"""What a worker answers over HTTP, and to whom: the real endpoint over a real engine that has not been started."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.contract import load_contract
from schemas.metrics import METRICS, WORKER
from schemas.rows import Partition
from schemas.settings import Settings, SettingsError, load
from streams.agents.app import create_app
from streams.agents.endpoint import Endpoint
from streams.agents.health import Health
from streams.agents.telemetry import registry_of
from streams.freshness import Beat
from tests.clickhouse_server import free_port

Ask = Callable[..., Awaitable[tuple[int, str]]]


def settings(**changes: Any) -> Settings:
    needed = {"kafka_bootstrap": "127.0.0.1:9092", "clickhouse_dsn": "http://127.0.0.1:8123"}
    return load(**needed, metrics_port=free_port(), _env_file=None, **changes)


def answers(settings: Settings, body: Callable[[Any, Health, Ask], Awaitable[None]]) -> None:
    """Runs the body beside a listening endpoint; `ask` gives status and text."""

    async def run() -> None:
        engine = create_app(settings, load_contract()).engine
        health = Health(engine, settings.stall_seconds)
        endpoint = Endpoint(settings, registry_of(engine, health, restarts=3), health)
        await endpoint.start()

        async def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
            url = f"http://127.0.0.1:{settings.metrics_port}{path}"
            async with aiohttp.ClientSession() as client, client.request(method, url, headers=headers) as answer:
                return answer.status, await answer.text()

        try:
            await body(engine, health, ask)
        finally:
            await endpoint.runner.cleanup()

    asyncio.run(run())


def test_every_declared_metric_of_the_worker_is_told_with_its_kind_and_labels() -> None:
    async def body(engine: Any, health: Health, ask: Ask) -> None:
        partition = Partition("techhub.public.core_event", 0)
        beat = Beat(1_000_000, 1, "", {partition: 5}, proven_at=1_000_000)
        engine.heartbeats.freshness.beat(beat)
        engine.heartbeats.committed_at = beat.committed_at
        engine.meter.consumed("core_event", partition, 5, 5, 1_000_000)
        engine.meter.dead_letters.labels("core_event").inc()
        engine.meter.flushed(0, [], 0.1)
        with engine.meter.insert("core_event", 5):
            pass
        status, text = await ask("/metrics")
        assert status == 200
        told = {family.name: family for family in text_string_to_metric_families(text)}
        for metric in WORKER:
            family = told[metric.name.removesuffix("_total")]
            assert family.type == metric.kind, metric.name
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    assert set(sample.labels) - {"le"} == set(metric.labels), sample
        declared = {name.removesuffix("_total") for name in METRICS}
        assert {name for name in told if name.startswith("techhub_") and not name.endswith("_created")} <= declared
        assert 'techhub_worker_events_total{table="core_event"} 5.0' in text
        assert "techhub_worker_restarts_total 3.0" in text

    answers(settings(), body)


def test_a_worker_without_partitions_is_alive_and_not_ready_and_says_why() -> None:
    async def body(engine: Any, health: Health, ask: Ask) -> None:
        assert await ask("/healthz") == (200, "alive\n")
        status, text = await ask("/readyz")
        assert status == 503 and "has not been reached" in text
        assert "techhub_worker_ready 0.0" in (await ask("/metrics"))[1]

    answers(settings(), body)


def test_it_answers_to_local_names_only_and_changes_nothing() -> None:
    async def body(engine: Any, health: Health, ask: Ask) -> None:
        assert (await ask("/metrics", Host="evil.example"))[0] == 421
        assert (await ask("/metrics", method="POST"))[0] == 405
        status, text = await ask("/secret")
        assert status == 404 and "Traceback" not in text

    answers(settings(), body)


def test_metrics_ask_for_the_token_and_probes_do_not() -> None:
    async def body(engine: Any, health: Health, ask: Ask) -> None:
        assert (await ask("/metrics"))[0] == 401
        assert (await ask("/metrics", Authorization="Bearer wrong"))[0] == 401
        assert (await ask("/metrics", Authorization="Bearer sesame"))[0] == 200
        assert (await ask("/healthz", Host="10.0.0.7:9464"))[0] == 200

    answers(settings(metrics_token="sesame", metrics_host="0.0.0.0"), body)


def test_a_port_that_is_taken_is_waited_for() -> None:
    taken = settings()

    async def run() -> None:
        engine = create_app(taken, load_contract()).engine
        health = Health(engine, taken.stall_seconds)
        endpoint = Endpoint(taken, registry_of(engine, health, restarts=0), health)
        with socket.create_server(("127.0.0.1", taken.metrics_port or 0)):
            starting = asyncio.ensure_future(endpoint.start())
            done, _ = await asyncio.wait({starting}, timeout=0.2)
            assert not done
        await asyncio.wait_for(starting, 60)
        await endpoint.runner.cleanup()

    asyncio.run(run())


def test_another_address_without_a_token_is_refused() -> None:
    with pytest.raises(SettingsError, match="TECHHUB_METRICS_HOST: expected"):
        settings(metrics_host="0.0.0.0")
