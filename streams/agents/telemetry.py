"""What can be read off a worker when Prometheus asks: lag, memory, assignment, readiness. Costs nothing in between.

Flows in: the engine as it is at that moment. Flows out: samples of the metrics declared in `schemas/metrics.py`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.metrics import METRICS
from schemas.rows import Partition
from streams.agents.engine import Engine
from streams.agents.health import Health

Values = Mapping[tuple[str, ...], float]
FAMILIES: Final[Mapping[str, Any]] = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}


def family(name: str, values: Values | float) -> Any:
    """Samples of a declared metric: one value, or one for each tuple of label values."""
    metric = METRICS[name]
    made = FAMILIES[metric.kind](name, metric.meaning, labels=metric.labels)
    for labels, value in values.items() if isinstance(values, Mapping) else [((), values)]:
        made.add_metric(labels, value)
    return made


class Telemetry(Collector):
    """Asked in the event loop's thread, where the engine does not change meanwhile."""

    def __init__(self, engine: Engine, health: Health, restarts: int) -> None:
        self.engine = engine
        self.health = health
        self.restarts = restarts
        self.plans = engine.plans

    def describe(self) -> Iterable[Any]:
        return ()

    def collect(self) -> Iterator[Any]:
        engine, health, writer = self.engine, self.health, self.engine.writer
        yield family("techhub_worker_ready", float(not health.reasons()))
        yield family("techhub_worker_restarts_total", self.restarts)
        yield family("techhub_worker_epoch", engine.reading.epoch)
        yield family("techhub_worker_partitions", self.partitions())
        yield family("techhub_worker_rows_in_memory", self.rows_in_memory())
        yield family("techhub_worker_lag_offsets", self.lag_offsets())
        yield family("techhub_worker_lag_seconds", self.lag_seconds())
        yield family("techhub_worker_held", writer.held if writer else 0)
        yield family("techhub_worker_held_limit", engine.settings.writer_limit)
        yield family("techhub_worker_unavailable_seconds", health.unavailable_seconds)
        yield family("techhub_worker_stuck_seconds", health.stuck[1] if health.stuck else 0)
        if (age := health.heartbeat_age_seconds) is not None:
            yield family("techhub_worker_heartbeat_age_seconds", age)

    def partitions(self) -> Values:
        reading = self.engine.reading
        rest = len(reading.assigned) - len(reading.next)
        loading, refused = (0, rest) if reading.located else (rest, 0)
        return {("reading",): len(reading.next), ("loading",): loading, ("refused",): refused}

    def rows_in_memory(self) -> Values:
        """Mirror rows and entity rows."""
        stored = self.engine.reading.parts.items()
        return self.by_table((p, len(part.fold.mirror) + len(part.fold.entities)) for p, part in stored)

    def lag_offsets(self) -> Values:
        beats, durable = self.engine.heartbeats.freshness.beats, self.engine.heartbeats.freshness.durable
        ends = beats[-1].ends if beats else {}
        return self.by_table((p, max(ends[p] - at, 0)) for p, at in durable.items() if p in ends)

    def lag_seconds(self) -> Values:
        """Of a table's least fresh partition; no sample before the first claim."""
        claimed, now = self.engine.heartbeats.freshness.claimed, self.health.now()
        oldest: dict[tuple[str, ...], float] = {}
        for partition, at in claimed.items():
            table = (self.plans[partition.topic].name,)
            oldest[table] = max(oldest.get(table, 0.0), now - at / 1e6)
        return oldest

    def by_table(self, counted: Iterable[tuple[Partition, int]]) -> Values:
        sums: Counter[tuple[str, ...]] = Counter()
        for partition, count in counted:
            sums[(self.plans[partition.topic].name,)] += count
        return sums


def registry_of(engine: Engine, health: Health, restarts: int) -> CollectorRegistry:
    """Everything that a worker tells."""
    registry: CollectorRegistry = engine.meter.registry
    registry.register(Telemetry(engine, health, restarts))
    ProcessCollector(registry=registry)
    return registry
