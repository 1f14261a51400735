"""A worker is killed, and starts again over N requests: seconds until every table is fresh again, and its memory.

A pipeline of its own on an embedded stack: the requests are in the source before capture begins, the worker takes the
snapshot, and under a light load its process gets SIGKILL. All of it is gone afterwards, the requests as well.
"""

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
import requests
from prometheus_client.parser import text_string_to_metric_families
from psycopg.types.json import Jsonb

from benchmarks.apart import apart, discard
from connectors.apply import apply
from connectors.delete import delete
from connectors.topics import declared
from deploy.local.place import choose_port
from deploy.local.source import require_marker
from ops.demo import child, tail
from schemas.contract import load_contract
from schemas.settings import Settings
from sinks.clickhouse import connect
from sinks.migrate import migrate

SERVICE: Final = "bench-restart"
COMMITS_A_SECOND: Final = 20.0
STEADY_SECONDS: Final = 5.0
"""Load before the kill."""
FRESH_SECONDS: Final = 3.0
"""Every table is younger than this: fresh."""
POLL_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 300.0
SNAPSHOT_A_SECOND: Final = 500
"""The least that a machine has to read of the snapshot."""
BATCH: Final = 100_000
Tell = Callable[[str], None]

INSERT: Final = """
WITH people AS (SELECT array_agg(id) AS ids FROM account_user),
     companies AS (SELECT array_agg(id) AS ids FROM account_company)
INSERT INTO service_servicerequest (
    service_id, status, author_id, company_id, assignee_id, data, created_at, updated_at
)
SELECT %(service)s, (ARRAY['sent', 'correction', 'approved', 'success'])[1 + n %% 4],
    people.ids[1 + n %% cardinality(people.ids)], companies.ids[1 + n %% cardinality(companies.ids)],
    people.ids[1 + n %% least(40, cardinality(people.ids))], '{}', at, at
FROM people, companies, generate_series(%(first)s::bigint, %(last)s) AS n,
    LATERAL (SELECT now() - n * interval '1 minute' AS at) AS created
"""
DELETE: Final = "DELETE FROM service_servicerequest WHERE service_id = %s AND id BETWEEN %s AND %s"
"""Ranges of ids: a batch that looks for rows would pass by all that earlier ones have deleted."""
TOUCH: Final = """
UPDATE service_servicerequest SET status = CASE status WHEN 'sent' THEN 'correction' ELSE 'sent' END, updated_at = now()
WHERE id = %s
"""


@dataclass(frozen=True, slots=True)
class Restart:
    """Seconds from SIGKILL to fresh tables; then rows in memory, mirror and entity rows, and resident bytes."""

    entities: int
    fresh_seconds: float
    rows_in_memory: int
    resident_bytes: int


class Load(threading.Thread):
    """Requests of the source change their status at a steady rate, until it is told to stop."""

    def __init__(self, dsn: str) -> None:
        super().__init__(daemon=True)
        self.connection = psycopg.connect(dsn, autocommit=True)
        rows = self.connection.execute(
            "SELECT id FROM service_servicerequest WHERE service_id = %s AND status = 'sent' LIMIT 1000", [SERVICE]
        )
        self.ids = [row[0] for row in rows]
        self.stopping = threading.Event()

    def run(self) -> None:
        chance = random.Random(1)
        with self.connection:
            while not self.stopping.wait(1 / COMMITS_A_SECOND):
                self.connection.execute(TOUCH, [chance.choice(self.ids)])


def measure(settings: Settings, entities: int, tell: Tell) -> Restart:
    """Raises `NotEmbedded` for a database without the embedded stack's marker, RuntimeError where others capture."""
    chosen = apart(settings).model_copy(update={"metrics_port": choose_port(set())})
    assert settings.postgres_dsn is not None
    with psycopg.connect(settings.postgres_dsn.get_secret_value(), autocommit=True) as source:
        require_marker(source)
        if source.execute("SELECT FROM pg_replication_slots LIMIT 1").fetchone() is not None:
            raise RuntimeError(
                "another capture reads this source: take a stack of its own, techhub-cdc up --name restart"
            )
        try:
            fill(source, entities, tell)
            with captured(chosen, tell), tempfile.TemporaryDirectory() as directory:
                return restart(chosen, entities, Path(directory) / "worker.log", tell)
        finally:
            clear(source, tell)


def fill(source: psycopg.Connection[Any], entities: int, tell: Tell) -> None:
    source.execute(
        "INSERT INTO service_service (code, data, is_active, created_at, updated_at) "
        "VALUES (%s, %s, true, now(), now()) ON CONFLICT DO NOTHING",
        [SERVICE, Jsonb({"name": {"en": "restart benchmark"}})],
    )
    for first in range(0, entities, BATCH):
        tell(f"{first:,} of {entities:,} requests in the source")
        last = min(first + BATCH, entities) - 1
        source.execute(INSERT, {"service": SERVICE, "first": first, "last": last})
    source.execute("ANALYZE service_servicerequest")


def clear(source: psycopg.Connection[Any], tell: Tell) -> None:
    found = source.execute(
        "SELECT min(id), max(id) FROM service_servicerequest WHERE service_id = %s", [SERVICE]
    ).fetchone()
    assert found is not None
    first, last = found
    for start in range(first, last + 1, BATCH) if first is not None else ():
        tell(f"deleting the requests, {start - first:,} of {last - first + 1:,}")
        source.execute(DELETE, [SERVICE, start, start + BATCH - 1])
    source.execute("DELETE FROM service_service WHERE code = %s", [SERVICE])


@contextmanager
def captured(settings: Settings, tell: Tell) -> Iterator[None]:
    contract = load_contract(settings.contract)
    tell("tables, views and capture")
    try:
        migrate(settings)
        apply(settings, contract, tell)
        yield
    finally:
        delete(settings, tell)
        discard(settings, [topic.name for topic in declared(contract, settings)])


def restart(settings: Settings, entities: int, log: Path, tell: Tell) -> Restart:
    assert settings.postgres_dsn is not None
    with child(["worker"], settings, log) as supervisor, connect(settings) as client:

        def wait(since: float, what: str, seconds: float) -> float:
            deadline = time.monotonic() + seconds
            while not fresh(client, since):
                if supervisor.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{what}: not within {seconds:.0f} s; the end of its log:\n{tail(log)}")
                tell(f"{what}: {time.time() - since:.0f} s")
                time.sleep(POLL_SECONDS)
            return time.time() - since

        wait(time.time(), "the worker takes the snapshot", PATIENCE_SECONDS + entities / SNAPSHOT_A_SECOND)
        arrived(client, entities)
        load = Load(settings.postgres_dsn.get_secret_value())
        load.start()
        try:
            load.stopping.wait(STEADY_SECONDS)
            wait(time.time(), "the worker is steady", PATIENCE_SECONDS)
            process(supervisor.pid).kill()
            seconds = wait(time.time(), "the worker starts again", PATIENCE_SECONDS)
            resident = process(supervisor.pid).memory_info().rss
            arrived(client, entities)
            return Restart(entities, seconds, rows_in_memory(settings), resident)
        finally:
            load.stopping.set()
            load.join()


def process(supervisor: int) -> psutil.Process:
    """The worker process under a supervisor."""
    (found,) = psutil.Process(supervisor).children()
    return found


def fresh(client: Any, since: float) -> bool:
    """Whether every table is known up to that instant (seconds since 1970), and young."""
    seen, oldest = client.query(
        "SELECT min(ifNull(toUnixTimestamp64Micro(seen_until), 0)), max(ifNull(lag_seconds, 1e9)) FROM v_freshness"
    ).result_rows[0]
    return bool(seen > since * 1e6 and oldest < FRESH_SECONDS)


def arrived(client: Any, entities: int) -> None:
    """A figure over fewer rows than it says would be worth nothing."""
    asked = {"service": SERVICE}
    sql = "SELECT count() FROM requests FINAL WHERE service = {service:String}"
    found = client.query(sql, parameters=asked).result_rows[0][0]
    if found != entities:
        raise RuntimeError(f"ClickHouse has {found} of {entities} requests; see techhub-cdc reconcile")


def rows_in_memory(settings: Settings) -> int:
    told = requests.get(f"http://127.0.0.1:{settings.metrics_port}/metrics", timeout=30).text
    families = text_string_to_metric_families(told)
    return int(sum(s.value for f in families if f.name == "techhub_worker_rows_in_memory" for s in f.samples))
