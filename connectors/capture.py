"""The connector brought to its configuration, and proved by a heartbeat of the task that runs now."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from connectors import catalogue, debezium, guard
from connectors.delivered import delivered_offset
from connectors.errors import CaptureLost, DeadlinePassed, Refused
from connectors.heartbeat import Heartbeats
from connectors.rest import Connect, wait_until
from schemas.contract import Contract
from schemas.settings import Settings

Progress = Callable[[str], None]
ConnectorChange = Literal["created", "changed", "unchanged", "waiting"]


def guarded_offset(
    settings: Settings, contract: Contract, connection: psycopg.Connection[Any], connect: Connect
) -> guard.StoredOffset | None:
    """Before every start and resume; raises `CaptureLost`. Slot first, offset second: see `guard`."""
    slot = catalogue.read_slot(connection, settings.slot_name)
    offset = delivered_offset(settings, contract, slot, guard.stored_offset(connect.offsets()))
    reason = guard.lost(slot, offset)
    if reason:
        raise CaptureLost(
            f"capture lost changes: {reason}; the captured tables need a resync. The connector was not started. "
            "Run `techhub-cdc connectors delete --yes`, then `techhub-cdc connectors apply` and "
            "`techhub-cdc reconcile --repair`"
        )
    return offset


@dataclass(frozen=True, slots=True)
class Capture:
    """Brings the connector to its configuration and waits for the proof."""

    settings: Settings
    contract: Contract
    connection: psycopg.Connection[Any]
    connect: Connect
    beats: Heartbeats
    deadline: float
    progress: Progress

    def ensure(self, running: dict[str, str] | None) -> tuple[ConnectorChange, tuple[debezium.Change, ...]]:
        if running is None:
            # stopped, so that the offsets of an earlier connector of this name are seen before anything starts
            self.connect.create_stopped(self._wanted("initial"))
            # known to every worker before anything is asked of it
            self._wait_for_state(lambda state: state == "STOPPED")
            self.progress(f"connector {self.connect.name}: created")
        offset = guarded_offset(self.settings, self.contract, self.connection, self.connect)
        fresh = offset is None or offset.snapshot
        self._reconfigure("initial" if fresh else "no_data")
        self.resume()
        if fresh:
            # from now on a lost slot must stop the connector, never be answered with another snapshot
            wait_until(self._streaming, "the first stored offset of the stream", self._left())
            self._reconfigure("no_data")
            self._wait_for_heartbeat()
        if running is None:
            return "created", ()
        changes = debezium.differences(running, self._wanted("no_data"))
        return ("changed" if changes else "unchanged"), changes

    def _wanted(self, mode: debezium.SnapshotMode) -> dict[str, str]:
        return debezium.configuration(self.contract, self.settings, mode)

    def _reconfigure(self, mode: debezium.SnapshotMode) -> None:
        wanted = self._wanted(mode)
        changes = debezium.differences(self.connect.config() or {}, wanted)
        if not changes:
            return
        for change in changes:
            self.progress(f"connector {self.connect.name}: {change}")
        before = self._slot_user()
        self.connect.put_config(wanted)
        if before is not None:
            # a heartbeat of the task that is being replaced proves nothing
            wait_until(lambda: self._slot_user() != before, "the connector's restart", self._left())
            self.beats.skip_to_end()

    def _streaming(self) -> bool:
        offset = guard.stored_offset(self.connect.offsets())
        return offset is not None and not offset.snapshot

    def resume(self) -> None:
        """Starts what is stopped, paused or failed, and waits for the proof; nothing guards it."""
        self._start()
        self._wait_for_heartbeat()

    def _start(self) -> None:
        """A connector whose state is not known yet may turn out to be stopped."""
        self._wait_for_state(lambda state: state not in ("UNASSIGNED", "RESTARTING"))
        status = self.connect.status()
        if status and status.state in ("STOPPED", "PAUSED"):
            self.connect.resume()
        elif status and status.failed:
            self.connect.restart()

    def _wait_for_state(self, expected: Callable[[str], bool]) -> None:
        self.connect.wait(lambda status: status is not None and expected(status.state), "assigned", self._left())

    def _slot_user(self) -> int | None:
        slot = catalogue.read_slot(self.connection, self.settings.slot_name)
        return slot.active_pid if slot else None

    def _left(self) -> float:
        return max(1.0, self.deadline - time.monotonic())

    def _wait_for_heartbeat(self) -> None:
        self.progress("waiting for a heartbeat to come through kafka")
        while (heartbeat := self.beats.next(0.5)) is None:
            status = self.connect.status()
            if status and status.failed:
                raise Refused(f"connector {self.connect.name} failed: {status.reason}")
            if time.monotonic() > self.deadline:
                raise DeadlinePassed(f"no heartbeat came through kafka in time: {self._seen()}")
        self.progress(f"heartbeat {heartbeat.seq} of {heartbeat.committed_at:%H:%M:%S} came through kafka")

    def _seen(self) -> str:
        """What a user needs to find the reason."""
        status = self.connect.status()
        slot = catalogue.read_slot(self.connection, self.settings.slot_name)
        tasks = f"connector {status.state}, tasks {', '.join(status.tasks) or 'none'}" if status else "no connector"
        used = "no replication slot" if slot is None else f"slot {'active' if slot.active_pid else 'not in use'}"
        offset = guard.stored_offset(self.connect.offsets())
        if offset is not None and offset.snapshot:
            return f"{tasks}; the initial snapshot is still running: apply again, or wait longer with --timeout"
        return f"{tasks}; {used}; see `techhub-cdc connectors status`, and the log of kafka connect"
