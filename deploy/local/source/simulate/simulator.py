"""The simulator: sessions that run made-up transactions at a given rate, in threads of their own.

Flows in: a DSN of a database with the marker, a seed, a rate.
Flows out: transactions, and a ledger of the committed ones.
Same seed, same rows to start with, the same clock and one connection: the same transactions.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import psycopg

from deploy.local.source.base import generator
from deploy.local.source.simulate.actions import WEIGHTS
from deploy.local.source.simulate.ledger import Ledger
from deploy.local.source.simulate.session import Counts, NotReachable, Plan, Session

CATCH_UP = 2.0
"""Seconds behind its rate after which a session gives up on the lost transactions instead of rushing them."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done since the simulator was made; `seconds` and `rate` are those of the last run."""

    seconds: float
    rate: float
    committed: int
    rolled_back: int
    conflicts: int
    uncertain: int
    reconnects: int
    slowest_seconds: float
    transactions: dict[str, int]
    changes: dict[str, int]


class Simulator:
    """Connects at once: `NotEmbedded` when the database lacks the marker, `NotReachable` when there is none."""

    def __init__(
        self,
        dsn: str,
        seed: int = 1,
        *,
        connections: int = 1,
        ledger: Ledger | None = None,
        clock: Callable[[], datetime] = utc_now,
        weights: Mapping[str, float] = WEIGHTS,
        rollbacks: float = 0.03,
        patience: float = 30.0,
    ) -> None:
        """`patience`: seconds that a lost connection is tried again for."""
        self.ledger = ledger or Ledger()
        self._patience = patience
        self._stop = threading.Event()
        self._started_at = self._ended_at = time.monotonic()
        self._before = 0
        plan = Plan(dsn, weights, rollbacks, clock, self.ledger)
        self._sessions: list[Session] = []
        try:
            for n in range(connections):
                self._sessions.append(Session(plan, generator(f"{seed}:{n}"), (n, connections)))
        except BaseException as error:
            self.close()
            if isinstance(error, psycopg.OperationalError):
                raise NotReachable(first_line(error)) from None
            raise

    def run(self, rate: float | None = None, seconds: float | None = None, transactions: int | None = None) -> Summary:
        """Runs until the seconds are over, `transactions` are committed, or `stop`; without a rate as fast as it goes.

        Raises `NotReachable` when the database stays away.
        """
        self._stop.clear()
        self._before = self._counts().committed
        self._started_at = time.monotonic()
        share = len(self._sessions)
        with ThreadPoolExecutor(share, thread_name_prefix="simulator") as pool:
            runs = [
                pool.submit(self._drive, session, rate and rate / share, seconds, _part(transactions, n, share))
                for n, session in enumerate(self._sessions)
            ]
            try:
                wait(runs, return_when=FIRST_EXCEPTION)
            finally:
                self.stop()
        self._ended_at = time.monotonic()
        for run in runs:
            run.result()
        return self.summary()

    def stop(self) -> None:
        """Ends `run` after the transactions under way; may be called from a signal or another thread."""
        self._stop.set()

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def summary(self) -> Summary:
        """At any time, also while it runs."""
        counts = self._counts()
        until = time.monotonic() if self._ended_at <= self._started_at else self._ended_at
        seconds = until - self._started_at
        return Summary(
            seconds=round(seconds, 3),
            rate=round((counts.committed - self._before) / seconds, 1) if seconds else 0.0,
            committed=counts.committed,
            rolled_back=counts.rolled_back,
            conflicts=counts.conflicts,
            uncertain=counts.uncertain,
            reconnects=counts.reconnects,
            slowest_seconds=round(counts.slowest_seconds, 4),
            transactions=dict(counts.transactions.most_common()),
            changes=dict(counts.changes.most_common()),
        )

    def _counts(self) -> Counts:
        each = [session.counts for session in self._sessions]
        return Counts(
            committed=sum(counts.committed for counts in each),
            rolled_back=sum(counts.rolled_back for counts in each),
            conflicts=sum(counts.conflicts for counts in each),
            uncertain=sum(counts.uncertain for counts in each),
            reconnects=sum(counts.reconnects for counts in each),
            slowest_seconds=max((counts.slowest_seconds for counts in each), default=0.0),
            transactions=sum((counts.transactions.copy() for counts in each), Counter()),
            changes=sum((counts.changes.copy() for counts in each), Counter()),
        )

    def _drive(self, session: Session, rate: float | None, seconds: float | None, transactions: int | None) -> None:
        origin = started = time.monotonic()
        first = session.counts.committed
        while not self._stop.is_set():
            done, now = session.counts.committed - first, time.monotonic()
            if done == transactions or (seconds is not None and now - started >= seconds):
                return
            if rate:
                due = origin + done / rate
                if now - due > CATCH_UP:
                    origin += now - due
                elif due > now:
                    latest = started + seconds if seconds is not None else due
                    self._stop.wait(min(due, latest) - now)
                    continue
            self._step(session)

    def _step(self, session: Session) -> None:
        try:
            session.step()
        except psycopg.OperationalError as error:
            if not session.connection.closed:
                raise
            self._reconnect(session, error)

    def _reconnect(self, session: Session, error: psycopg.OperationalError) -> None:
        deadline, pause = time.monotonic() + self._patience, 0.05
        while not self._stop.wait(pause):
            try:
                return session.reconnect()
            except psycopg.OperationalError as again:
                if time.monotonic() > deadline:
                    raise NotReachable(f"{first_line(error)}; tried again for {self._patience:g} s") from again
                pause = min(1.0, pause * 2)


def first_line(error: psycopg.OperationalError) -> str:
    return (str(error).splitlines() or ["no reason given"])[0].strip()


def _part(whole: int | None, number: int, of: int) -> int | None:
    return None if whole is None else whole // of + (number < whole % of)
