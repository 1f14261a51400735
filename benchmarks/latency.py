"""Commit -> queryable: requests are created at a steady rate while a poller asks ClickHouse for them.

`transitions`: the fact of each creation is in `request_transitions`. `backlog`: `v_request_backlog` counts it;
the k-th commit is visible when the view says k. Each is measured in a run of its own. Polling costs time on the same
machine and is part of the figures.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from deploy.local.source import require_marker
from schemas.settings import Settings
from sinks.clickhouse import connect

SERVICE: Final = "bench-latency"
GRACE_SECONDS: Final = 15.0
FACTS_POLL_SECONDS: Final = 0.02
VIEW_POLL_SECONDS: Final = 0.05


@dataclass(slots=True)
class Latencies:
    """Seconds from the return of COMMIT to the end of the query that saw it, and how many commits were never seen."""

    name: str
    seconds: list[float] = field(default_factory=list)
    unseen: int = 0

    def add(self, other: "Latencies") -> None:
        self.seconds += other.seconds
        self.unseen += other.unseen

    def quantile(self, q: float) -> float:
        """The value that a share of `q` does not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else float("nan")


@dataclass(slots=True)
class Load:
    """Creates requests; `commits` in commit order: (id, instant on the monotonic clock)."""

    connection: psycopg.Connection[Any]
    rate: float
    seconds: float
    tell: Callable[[str], None]
    commits: list[tuple[int, float]] = field(default_factory=list)

    def run(self) -> None:
        start = time.monotonic()
        while (now := time.monotonic()) - start < self.seconds:
            row = self.connection.execute(
                "INSERT INTO service_servicerequest (service_id, status, author_id, data, created_at, updated_at) "
                "SELECT %s, 'sent', min(id), '{}', now(), now() FROM account_user RETURNING id",
                [SERVICE],
            ).fetchone()
            assert row is not None
            self.commits.append((row[0], time.monotonic()))
            if len(self.commits) % 100 == 0:
                self.tell(f"{len(self.commits)} committed in {now - start:.0f} of {self.seconds:.0f} s")
            pause = start + len(self.commits) / self.rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)


class Poller(threading.Thread):
    """Asks until it is told to stop; `seen` is filled with what the query shows."""

    def __init__(self, settings: Settings, seconds: float, ask: Callable[[Any], None]) -> None:
        super().__init__(daemon=True)
        self.seconds = seconds
        self.client = connect(settings)
        self.ask = ask
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(self.seconds):
            self.ask(self.client)


@contextmanager
def loading(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The source with a service of the benchmark's own, whose requests are gone afterwards.

    Raises `NotEmbedded` for a database without the embedded stack's marker.
    """
    assert settings.postgres_dsn is not None
    with psycopg.connect(settings.postgres_dsn.get_secret_value(), autocommit=True) as connection:
        require_marker(connection)
        connection.execute(
            "INSERT INTO service_service (code, data, is_active, created_at, updated_at) "
            "VALUES (%s, %s, true, now(), now()) ON CONFLICT DO NOTHING",
            [SERVICE, Jsonb({"name": {"en": "latency benchmark"}})],
        )
        connection.execute("DELETE FROM service_servicerequest WHERE service_id = %s", [SERVICE])
        try:
            yield connection
        finally:
            connection.execute("DELETE FROM service_servicerequest WHERE service_id = %s", [SERVICE])


def measure(settings: Settings, rate: float, seconds: float, tell: Callable[[str], None]) -> tuple[Latencies, ...]:
    with loading(settings) as connection:
        return tuple(phase(settings, Load(connection, rate, seconds, tell)) for phase in (transitions, backlog))


def transitions(settings: Settings, load: Load) -> Latencies:
    arrived: dict[int, float] = {}

    def ask(client: Any) -> None:
        rows = client.query(
            "SELECT request_id FROM request_transitions WHERE at > now() - INTERVAL 10 SECOND "
            "AND service = {service:String} AND to_status = 'sent'",
            parameters={"service": SERVICE},
        ).result_rows
        now = time.monotonic()
        for (request_id,) in rows:
            arrived.setdefault(request_id, now)

    watch(
        settings,
        load,
        Poller(settings, FACTS_POLL_SECONDS, ask),
        lambda: all(request in arrived for request, _ in load.commits),
    )
    return facts(load.commits, arrived)


def backlog(settings: Settings, load: Load) -> Latencies:
    """What an earlier phase created is there already."""
    counted: list[tuple[float, int]] = []
    before = settle(settings, load)

    def ask(client: Any) -> None:
        counted.append((time.monotonic(), backlog_now(client) - before))

    poller = Poller(settings, VIEW_POLL_SECONDS, ask)
    watch(settings, load, poller, lambda: bool(counted) and counted[-1][1] >= len(load.commits))
    return counts(load.commits, counted)


def watch(settings: Settings, load: Load, poller: Poller, complete: Callable[[], bool]) -> None:
    poller.start()
    load.run()
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and not complete():
        time.sleep(FACTS_POLL_SECONDS)
    poller.stopping.set()
    poller.join()


def backlog_now(client: Any) -> int:
    rows = client.query(
        "SELECT sum(requests) FROM v_request_backlog WHERE service = {service:String}", parameters={"service": SERVICE}
    ).result_rows
    return int(rows[0][0] or 0)


def settle(settings: Settings, load: Load) -> int:
    """Waits until the view counts what the source has, and says how many."""
    load.tell("waiting for the pipeline to be at rest")
    client, deadline = connect(settings), time.monotonic() + 60
    row = load.connection.execute(
        "SELECT count(*) FROM service_servicerequest WHERE service_id = %s", [SERVICE]
    ).fetchone()
    assert row is not None
    while (seen := backlog_now(client)) != row[0]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the view counts {seen} of {row[0]} requests; see techhub-cdc status")
        time.sleep(0.2)
    return seen


def facts(commits: Sequence[tuple[int, float]], arrived: dict[int, float]) -> Latencies:
    found = Latencies("request_transitions")
    for request_id, at in commits:
        if request_id in arrived:
            found.seconds.append(arrived[request_id] - at)
        else:
            found.unseen += 1
    return found


def counts(commits: Sequence[tuple[int, float]], counted: Sequence[tuple[float, int]]) -> Latencies:
    found, position = Latencies("v_request_backlog"), 0
    for number, (_, at) in enumerate(commits, start=1):
        while position < len(counted) and counted[position][1] < number:
            position += 1
        if position == len(counted):
            found.unseen += 1
        else:
            found.seconds.append(counted[position][0] - at)
    return found
