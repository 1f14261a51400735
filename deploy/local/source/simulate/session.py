"""One connection that runs transactions one after the other, as a process of the application would.

Flows in: transactions. Flows out: an outcome each, counted, and acknowledged ones in the ledger.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import psycopg
from psycopg import errors

from deploy.local.source.install import Connection, require_marker
from deploy.local.source.simulate.actions import next_transaction
from deploy.local.source.simulate.ledger import Entry, Ledger
from deploy.local.source.simulate.statement import Change, Transaction, as_key
from deploy.local.source.simulate.world import Ids, World

logging.getLogger("psycopg").addHandler(logging.NullHandler())
"""It tells of a pipeline that a conflict broke off; conflicts are counted here."""

CONFLICTS = (errors.IntegrityError, errors.SerializationFailure, errors.DeadlockDetected)


class NotReachable(Exception):
    """The database cannot be reached, or was away for longer than the simulator waits."""


class Conflict(Exception):
    """A row is not what the simulator thought: somebody else changed it."""


@dataclass(slots=True)
class Counts:
    committed: int = 0
    rolled_back: int = 0
    conflicts: int = 0
    uncertain: int = 0
    reconnects: int = 0
    slowest_seconds: float = 0.0
    transactions: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Plan:
    """What all sessions of a simulator share. `rollbacks`: share of transactions that are taken back after the work."""

    dsn: str
    weights: Mapping[str, float]
    rollbacks: float
    clock: Callable[[], datetime]
    ledger: Ledger


class Session:
    """Refuses a database without the marker (`NotEmbedded`)."""

    def __init__(self, plan: Plan, random: Random, share: tuple[int, int]) -> None:
        self.plan, self.random, self.share = plan, random, share
        self.counts = Counts()
        self._connect()

    def step(self) -> None:
        """Runs the next transaction. Raises `psycopg.OperationalError` when the connection is lost: `reconnect`."""
        transaction = next_transaction(self.world, self.plan.weights)
        keep = self.random.random() >= self.plan.rollbacks
        started = time.monotonic()
        try:
            changes, transaction_id = self._work(transaction)
            if not keep:
                self.connection.execute("ROLLBACK")
                self.counts.rolled_back += 1
                return
            self._commit(transaction, changes, transaction_id)
        except (Conflict, *CONFLICTS):
            self.connection.rollback()
            transaction.forget()
            self.counts.conflicts += 1
            return
        self.counts.slowest_seconds = max(self.counts.slowest_seconds, time.monotonic() - started)
        transaction.take_effect()

    def reconnect(self) -> None:
        self.connection.close()
        self._connect()
        self.counts.reconnects += 1

    def close(self) -> None:
        self.connection.close()

    def _connect(self) -> None:
        self.connection: Connection = psycopg.connect(
            self.plan.dsn, autocommit=True, connect_timeout=5, application_name="techhub-simulator"
        )
        try:
            require_marker(self.connection)
            self.world = World(Ids(self.connection), self.random, self.plan.clock, self.share)
        except BaseException:
            self.connection.close()
            raise

    def _work(self, transaction: Transaction) -> tuple[list[Change], str]:
        """All statements in one round trip; the changes that a commit would make, and the transaction's id."""
        with self.connection.pipeline():
            self.connection.execute("BEGIN")
            cursors = [self.connection.execute(each.query, each.values) for each in transaction.statements]
            identity = self.connection.execute("SELECT pg_current_xact_id()::text")
        changes = []
        for statement, cursor in zip(transaction.statements, cursors, strict=True):
            if statement.key is not None and cursor.rowcount != 1:
                raise Conflict
            keys = [statement.key] if statement.key is not None else [as_key(key) for (key,) in cursor]
            changes += [Change(statement.table, statement.operation, key, statement.status) for key in keys]
        return changes, str(identity.fetchall()[0][0])

    def _commit(self, transaction: Transaction, changes: list[Change], transaction_id: str) -> None:
        try:
            self.connection.execute("COMMIT")
        except psycopg.OperationalError:
            if self.connection.closed:
                self.counts.uncertain += 1
                self.plan.ledger.record(Entry(time.time(), transaction.name, changes, False, transaction_id))
            raise
        self.plan.ledger.record(Entry(time.time(), transaction.name, changes, True, transaction_id))
        self.counts.committed += 1
        self.counts.transactions[transaction.name] += 1
        self.counts.changes.update(change.table for change in changes)
