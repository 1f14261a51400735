"""`GET /metrics` of the live page: figures of the catalogue's queries, and the source's replication slot, as gauges.

They are read when somebody asks, at most once in `FRESH_SECONDS`, two queries at a time. What could not be read is not
told: no old figure ever looks like one of now. A metric tells at most `LIMIT` samples, those of its greatest values.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from connectors import catalogue as source
from connectors.catalogue import Slot
from connectors.errors import ConnectorsError
from schemas.metrics import METRICS
from schemas.settings import Settings
from sinks.answers import Answer, answer
from sinks.asynchronous import ClickHouse
from sinks.catalogue import Metric, Query
from sinks.clickhouse import ClickHouseError, SinkUnavailable, one_line

log = logging.getLogger("techhub.metrics")

FRESH_SECONDS: Final = 5.0
SIDE_BY_SIDE: Final = 2
LIMIT: Final = 500
Samples = dict[tuple[str, ...], float]


class Figures(Collector):
    """Reads and tells; what it holds is of the last reading only."""

    def __init__(self, settings: Settings, queries: Mapping[str, Query]) -> None:
        self.settings = settings
        self.queries = [query for query in queries.values() if query.metrics]
        self.sink: ClickHouse | None = None
        self.reading = asyncio.Lock()
        self.read_at = float("-inf")
        self.families: list[Any] = []

    def describe(self) -> Sequence[Any]:
        return ()

    def collect(self) -> Iterator[Any]:
        yield from self.families

    async def read(self) -> None:
        async with self.reading:
            if time.monotonic() - self.read_at > FRESH_SECONDS:
                self.families = [*await self.figures(), *await asyncio.to_thread(self.slot)]
                self.read_at = time.monotonic()

    async def figures(self) -> list[Any]:
        lanes = asyncio.Semaphore(SIDE_BY_SIDE)
        failed: Samples = {}

        async def ask(sink: ClickHouse, query: Query) -> list[Any]:
            async with lanes:
                try:
                    return list(families(query, await answer(sink, query, self.settings.zone)))
                except ClickHouseError as error:
                    log.warning("query %s failed: %s", query.name, one_line(error))
                    failed[query.name, query.domain] = 1.0
                    return []

        try:
            if self.sink is None:
                self.sink = await ClickHouse.open(self.settings)
            sink = self.sink
            told = await asyncio.gather(*(ask(sink, query) for query in self.queries))
        except SinkUnavailable as error:
            log.warning("no figures: %s", error)
            return [gauge("techhub_figures_readable", 0.0)]
        return [
            gauge("techhub_figures_readable", 1.0),
            gauge("techhub_query_failed", failed),
            *(family for each in told for family in each),
        ]

    def slot(self) -> list[Any]:
        """Blocks; [] where no DSN of PostgreSQL is set."""
        if self.settings.postgres_dsn is None:
            return []
        try:
            with source.connect(self.settings) as connection:
                return list(slot_families(source.read_slot(connection, self.settings.slot_name)))
        except ConnectorsError as error:
            log.warning("the slot is unknown: %s", error)
            return [gauge("techhub_source_readable", 0.0)]

    async def close(self) -> None:
        if self.sink is not None:
            await self.sink.close()


def gauge(name: str, values: Samples | float) -> GaugeMetricFamily:
    metric = METRICS[name]
    family = GaugeMetricFamily(name, metric.meaning, labels=metric.labels)
    for labels, value in values.items() if isinstance(values, dict) else [((), values)]:
        family.add_metric(labels, value)
    return family


def families(query: Query, found: Answer) -> Iterator[GaugeMetricFamily]:
    """The gauges of a query's answer; where a value is NULL there is no sample."""
    rows = found.records()
    left_out: Samples = {}
    for metric in query.metrics:
        samples = sorted(sampled(metric, rows), key=lambda sample: -sample[1])
        family = GaugeMetricFamily(metric.name, query.answers, labels=metric.labels)
        for labels, value in samples[:LIMIT]:
            family.add_metric(labels, value)
        yield family
        if len(samples) > LIMIT:
            left_out[(metric.name,)] = float(len(samples) - LIMIT)
    if left_out:
        yield gauge("techhub_samples_left_out", left_out)


def sampled(metric: Metric, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, ...], float]]:
    for row in rows:
        if row[metric.value] is not None:
            yield (
                tuple("" if row[label] is None else str(row[label]) for label in metric.labels),
                float(row[metric.value]),
            )


def slot_families(slot: Slot | None) -> Iterator[GaugeMetricFamily]:
    lost = slot is None or slot.wal_status == "lost" or bool(slot.invalidation_reason)
    yield gauge("techhub_source_readable", 1.0)
    yield gauge("techhub_slot_lost", float(lost))
    if slot is not None:
        yield gauge("techhub_slot_active", float(slot.active_pid is not None))
        sizes = {"retained": slot.retained, "unconfirmed": slot.unconfirmed, "safe": slot.safe}
        for name, size in sizes.items():
            if size is not None:
                yield gauge(f"techhub_slot_{name}_bytes", float(size))


def add_metrics(app: web.Application, settings: Settings, queries: Mapping[str, Query]) -> None:
    """Adds the route; whoever may not see figures is kept out by the application's own guard."""
    figures, registry = Figures(settings, queries), CollectorRegistry()
    registry.register(figures)
    ProcessCollector(registry=registry)

    async def metrics(request: web.Request) -> web.Response:
        await figures.read()
        body = await asyncio.to_thread(generate_latest, registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def closing(app: web.Application) -> None:
        await figures.close()

    app.router.add_get("/metrics", metrics)
    app.on_cleanup.append(closing)
