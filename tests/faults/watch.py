"""Watches a pipeline while it suffers: I6, freshness is never claimed too early; I7, nothing grows and the source is
never kept waiting.

Flows in: a pipeline. Flows out: samples, a few each second, which are judged at the end against the ledger.
"""

import contextlib
import threading
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from types import TracebackType
from typing import Any, Final, Self

import psutil
import psycopg

from sinks.clickhouse import ClickHouseError, Client, SinkUnavailable, connect
from tests.faults.invariants import happened
from tests.pipeline.pipeline import Pipeline

EVERY_SECONDS: Final = 1.0
MEGABYTE: Final = 1 << 20
MEMORY_MEGABYTES: Final = 1500
WAL_MEGABYTES: Final = 512
"""What a slot may keep back while a part is away for two minutes; it goes back afterwards."""
WAITS: Final = """
SELECT count(*) FROM pg_stat_activity AS waiting, unnest(pg_blocking_pids(waiting.pid)) AS blocker
JOIN pg_stat_activity AS ours ON ours.pid = blocker
WHERE waiting.application_name = 'techhub-simulator' AND waiting.wait_event_type = 'Lock'
    AND (ours.usename = %s OR ours.application_name LIKE 'techhub-cdc%%')
"""
RETAINED: Final = """
SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)::bigint
FROM pg_replication_slots WHERE slot_name = %s
"""


@dataclass(slots=True)
class Watch:
    """`claims`: (seen until, changes that were there after it was read)."""

    pipeline: Pipeline
    claims: list[tuple[int, int]] = field(default_factory=list)
    source_waits: int = 0
    retained: int = 0
    memory: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    failed: list[BaseException] = field(default_factory=list)
    oldest_seconds: float = 0.0
    client: Client | None = None

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.run, name="watch", daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        assert self.thread is not None
        self.thread.join(30)
        if self.client is not None:
            self.client.close()

    def run(self) -> None:
        try:
            while not self.stopping.wait(EVERY_SECONDS):
                with contextlib.suppress(ClickHouseError, SinkUnavailable, OSError):
                    self.sample_sink()
                with contextlib.suppress(psycopg.OperationalError):
                    self.sample_source()
                with contextlib.suppress(psutil.Error, ValueError):
                    self.memory = max(self.memory, self.pipeline.worker.child().memory_info().rss)
        except BaseException as error:
            self.failed.append(error)

    def sample_sink(self) -> None:
        """Freshness first, rows second: the rows may only be more by then."""
        if self.client is None:
            self.client = connect(self.pipeline.settings)
        sql = "SELECT min(ifNull(toUnixTimestamp64Micro(seen_until), 0)) FROM v_freshness"
        seen = int(self.client.query(sql).result_rows[0][0])
        there = int(self.client.query("SELECT sum(changes) FROM v_activity").result_rows[0][0])
        self.claims.append((seen, there))
        self.oldest_seconds = max(self.oldest_seconds, time.time() - seen / 1e6)

    def sample_source(self) -> None:
        settings = self.pipeline.settings
        with psycopg.connect(self.pipeline.dsn, autocommit=True, connect_timeout=2) as source:
            self.source_waits += one(source, WAITS, settings.connector_user)
            self.retained = max(self.retained, one(source, RETAINED, settings.slot_name))

    # -- judging ------------------------------------------------------------------------------------------------------

    def assert_honest(self) -> None:
        """Whoever claims to have seen everything up to an instant has every change that was acknowledged by then."""
        entries = sorted(happened(self.pipeline), key=lambda entry: entry.at)
        captured = self.pipeline.contract.tables
        instants = [entry.at * 1e6 for entry in entries]
        before = list(accumulate((sum(c.table in captured for c in e.changes) for e in entries), initial=0))
        start = self.pipeline.counted.total()
        for seen, there in self.claims:
            expected = start + before[bisect_right(instants, seen)]
            assert there >= expected, f"seen until {seen}, but {expected - there} changes of before are not there"

    def assert_harmless(self) -> None:
        assert not self.failed, f"the watch failed: {self.failed[0]!r}"
        assert self.source_waits == 0, f"{self.source_waits} times a write of the source waited for us"
        assert self.memory < MEMORY_MEGABYTES * MEGABYTE, f"the worker took {self.memory / MEGABYTE:.0f} MB"
        assert self.retained < WAL_MEGABYTES * MEGABYTE, f"the slot kept {self.retained / MEGABYTE:.0f} MB of log"


def one(source: psycopg.Connection[Any], sql: str, parameter: str) -> int:
    row = source.execute(sql.encode(), [parameter]).fetchone()
    assert row is not None
    return int(row[0])
