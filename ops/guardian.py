"""The guardian: looks at the source beside a worker, so that lost changes are noticed within seconds.

It runs in the worker's supervisor where PostgreSQL and Connect can be reached (`TECHHUB_POSTGRES_DSN`,
`TECHHUB_CONNECT_URL`), and does two things. It raises `cdc.heartbeat.seq` whether the connector runs or not, so that
changes which are lost take numbers along, and the log itself shows that they are missing (`streams/continuity.py`).
And it compares slot, catalogue and publication with what is captured (`connectors/drift.py`): what it finds twice in a
row is RESYNC_REQUIRED, in the table `resync_required`. It mends no data. A connector that has failed, which Connect
leaves alone, it starts again, where the slot has lost nothing.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterable
from typing import Any, Final

import psycopg

from connectors import catalogue, guard, topics
from connectors.apply import captured
from connectors.delivered import delivered_offset
from connectors.drift import Drift, drifts
from connectors.errors import ConnectorsError
from connectors.postgres import HEARTBEAT_QUERY
from connectors.rest import Connect
from schemas.contract import Contract
from schemas.rows import Row
from schemas.settings import Settings
from sinks.clickhouse import INSERT_SETTINGS, ClickHouseError, SinkUnavailable, connect, one_line
from streams.continuity import ANEW
from streams.resync import RESYNC_REQUIRED, repair_of, resync_row

log = logging.getLogger("techhub.guardian")

AWAY: Final = "cannot look at the source, trying again: "
MUTE: Final = (
    "the role of TECHHUB_POSTGRES_DSN may not raise cdc.heartbeat: changes that are lost while the connector is away "
    "can only be noticed before it starts again"
)
CHECK_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 5.0
REVIVE_SECONDS: Final = 30.0
"""Between two starts of a connector that fails again and again."""
PULSE: Final = HEARTBEAT_QUERY + " and ts < clock_timestamp() - make_interval(secs => %s)"
"""Only where nobody else has raised it lately: the connector, or the guardian of another worker."""


class Guardian(threading.Thread):
    """Ends with its process; whatever is away is asked again, and said once."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        super().__init__(name="guardian", daemon=True)
        self.settings = settings
        self.contract = contract
        self.stopping = threading.Event()
        self.before: frozenset[Drift] = frozenset()
        self.told: set[str] = set()
        self.revived = float("-inf")

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                with catalogue.connect(self.settings) as connection:
                    self.watch(connection)
            except (ConnectorsError, psycopg.Error, SinkUnavailable, ClickHouseError) as error:
                self.tell(AWAY, one_line(error))
                self.stopping.wait(RETRY_SECONDS)

    def watch(self, connection: psycopg.Connection[Any]) -> None:
        """Until something is away or it is stopped."""
        checked = 0.0
        while not self.stopping.is_set():
            self.raise_pulse(connection)
            if time.monotonic() - checked > CHECK_SECONDS:
                checked = time.monotonic()
                self.check(connection)
            self.stopping.wait(self.settings.heartbeat_seconds)

    def raise_pulse(self, connection: psycopg.Connection[Any]) -> None:
        try:
            connection.execute(PULSE.encode(), [self.settings.heartbeat_seconds])
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            self.tell(MUTE, "")

    def check(self, connection: psycopg.Connection[Any]) -> None:
        """What is found in two checks in a row counts: a look may fall between two steps of `connectors apply`."""
        found = frozenset(self.look(connection))
        self.require(found & self.before)
        self.before = found
        self.told.discard(AWAY)

    def look(self, connection: psycopg.Connection[Any]) -> Iterable[Drift]:
        """PostgreSQL first, Connect second: see `connectors/guard.py`."""
        assert self.settings.connect_url is not None
        source = catalogue.read(connection, self.contract, self.settings)
        with Connect(self.settings.connect_url, self.settings.connector_name) as rest:
            running = rest.config()
            stored = None if running is None else guard.stored_offset(rest.offsets())
            offset = delivered_offset(self.settings, self.contract, source.slot, stored)
            found = list(drifts(self.contract, source, captured(running), offset))
            if any(drift.capture_lost for drift in found):
                # while Kafka is away Connect tells what it knew before: then this look does not count
                topics.ends(self.settings, [topics.heartbeat_topic(self.settings)])
            elif running is not None:
                self.revive(rest)
        return found

    def revive(self, rest: Connect) -> None:
        status, now = rest.status(), time.monotonic()
        if status is not None and status.failed and now - self.revived > REVIVE_SECONDS:
            self.revived = now
            log.warning("the connector had failed and is started again: %s", status.reason or "Connect says no reason")
            rest.restart()

    def require(self, found: Collection[Drift]) -> None:
        if not found:
            return
        with connect(self.settings) as client:
            open_ = client.query("SELECT `table` FROM resync_required FINAL WHERE resolved_at IS NULL").result_rows
            known = {row[0] for row in open_}
            rows = []
            for drift in sorted(found, key=lambda drift: not drift.capture_lost):
                tables = [drift.table] if drift.table is not None else list(self.contract.tables)
                new = [table for table in tables if table not in known]
                known.update(new)
                rows += [self.row(table, drift) for table in new]
                if new:
                    log.error("RESYNC_REQUIRED %s: %s", ", ".join(new), drift.reason)
            if rows:
                client.insert(
                    RESYNC_REQUIRED.name, rows, column_names=RESYNC_REQUIRED.columns, settings=INSERT_SETTINGS
                )

    def row(self, table: str, drift: Drift) -> Row:
        command = ANEW if drift.capture_lost else f"techhub-cdc connectors apply; {repair_of(table)}"
        return resync_row(table, drift.reason, command, time.time_ns() // 1000)

    def tell(self, what: str, reason: str) -> None:
        """Once, until it is over."""
        if what not in self.told:
            self.told.add(what)
            log.warning("%s%s", what, reason)


def guardian(settings: Settings, contract: Contract) -> Guardian | None:
    """None where the source cannot be looked at; the log says so."""
    if settings.postgres_dsn is None or settings.connect_url is None:
        log.warning(
            "slot, schema and publication of the source are not watched from here: TECHHUB_POSTGRES_DSN and "
            "TECHHUB_CONNECT_URL are not set; give them to one worker, or run techhub-cdc status every minute"
        )
        return None
    return Guardian(settings, contract)
