"""What a worker counts as it goes: once a batch, insert and flush, never once a change.

Flows in: calls of the engine and the writer. Flows out: Prometheus instruments, made from the declarations in
`schemas/metrics.py`. What can be read off the engine when somebody asks (lag, memory, epoch) is not counted here.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from schemas.metrics import METRICS
from schemas.rows import Partition, Staged

ENTITIES_LANE: Final = 1
"""The lane after which views show a change."""


def counter(name: str, registry: CollectorRegistry) -> Counter:
    metric = METRICS[name]
    return Counter(name, metric.meaning, metric.labels, registry=registry)


def histogram(name: str, registry: CollectorRegistry) -> Histogram:
    metric = METRICS[name]
    return Histogram(name, metric.meaning, metric.labels, registry=registry, buckets=metric.buckets)


class Meter:
    """Instruments of one process. `inserting` and `waiting` also tell the watchdog what the process waits for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = counter("techhub_worker_events_total", self.registry)
        self.batches = counter("techhub_worker_batches_total", self.registry)
        self.flushes = histogram("techhub_worker_flush_seconds", self.registry)
        self.rows = counter("techhub_worker_rows_written_total", self.registry)
        self.retries = counter("techhub_worker_insert_retries_total", self.registry)
        self.dead_letters = counter("techhub_worker_dead_letters_total", self.registry)
        self.assignments = counter("techhub_worker_assignments_total", self.registry)
        self.commit_to_consumed = histogram("techhub_worker_commit_to_consumed_seconds", self.registry)
        self.consumed_to_written = histogram("techhub_worker_consumed_to_written_seconds", self.registry)
        self.commit_to_written = histogram("techhub_worker_commit_to_written_seconds", self.registry)
        self.folded: dict[Partition, deque[tuple[int, float, int]]] = {}
        """By partition, of each batch whose rows are not readable yet: next offset, when folded, oldest commit or 0."""
        self.inserting: dict[object, float] = {}
        """When each insert began that ClickHouse has not answered."""

    def consumed(self, table: str, partition: Partition, next_offset: int, events: int, oldest_commit: int) -> None:
        """A batch was folded; `oldest_commit` (microseconds) of its streamed changes, 0 if it has none."""
        self.events.labels(table).inc(events)
        self.batches.inc()
        self.folded.setdefault(partition, deque()).append((next_offset, time.monotonic(), oldest_commit))
        if oldest_commit:
            self.commit_to_consumed.observe(since(oldest_commit))

    @contextmanager
    def insert(self, table: str, rows: int) -> Iterator[None]:
        """Around one attempt to insert."""
        token = object()
        self.inserting[token] = time.monotonic()
        try:
            yield
        except Exception:
            self.retries.inc()
            raise
        finally:
            del self.inserting[token]
        self.rows.labels(table).inc(rows)

    def flushed(self, lane: int, staged: Sequence[Staged], seconds: float) -> None:
        """Every insert of a lane's flush was acknowledged."""
        self.flushes.labels(str(lane + 1)).observe(seconds)
        if lane == ENTITIES_LANE:
            for part in staged:
                self.written(part.partition, part.watermark.next_offset)

    def written(self, partition: Partition, next_offset: int) -> None:
        now, batches = time.monotonic(), self.folded.get(partition, deque())
        while batches and batches[0][0] <= next_offset:
            _, folded, oldest_commit = batches.popleft()
            self.consumed_to_written.observe(now - folded)
            if oldest_commit:
                self.commit_to_written.observe(since(oldest_commit))

    def dropped(self) -> None:
        """What was folded and not sent will be read again."""
        self.folded.clear()

    def unanswered_seconds(self) -> float:
        """How long the oldest insert has waited for its answer."""
        return time.monotonic() - min(self.inserting.values(), default=time.monotonic())


def since(microseconds: int) -> float:
    """Seconds since an instant of the source; never negative, its clock may be ahead."""
    return max(time.time() - microseconds / 1e6, 0.0)


def oldest_commit(changes: Sequence[Any]) -> int:
    """Of a batch's streamed changes, microseconds; 0 if it has none. In one partition commit times are in order."""
    return next((change.committed_at for change in changes if change.lsn), 0)
