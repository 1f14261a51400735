"""Is capture well? Judged by heartbeats that come out of Kafka and by the slot, never by a connector that says RUNNING.

Flows in: PostgreSQL, Connect and the heartbeat topic. Flows out: `Health`, whose problems each say what to do.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from connectors import catalogue, guard
from connectors.apply import captured
from connectors.catalogue import Slot
from connectors.check import compare
from connectors.delivered import delivered_offset
from connectors.heartbeat import Heartbeat, age_seconds, heartbeats
from connectors.rest import Connect, ConnectorStatus
from connectors.topics import heartbeat_topic, partitions
from schemas.contract import Contract
from schemas.settings import Settings

LATE_SECONDS: Final = 5.0
"""A heartbeat may be this much older than its interval before capture counts as stalled."""

USED: Final = 0.5
"""A slot that keeps more than this part of the WAL that it may keep is a problem already: there is time to act."""

SNAPSHOT: Final = (
    "the initial snapshot is still running: what has been captured is not complete, and no heartbeat comes yet"
)


@dataclass(frozen=True, slots=True)
class Health:
    connector: ConnectorStatus | None
    slot: Slot | None
    heartbeat: Heartbeat | None
    heartbeat_age_seconds: float | None
    source_id: str
    offset_lsn: int | None
    problems: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {"healthy": self.healthy, **asdict(self)}


def health(settings: Settings, contract: Contract) -> Health:
    assert settings.connect_url is not None
    with catalogue.connect(settings) as connection, Connect(settings.connect_url, settings.connector_name) as connect:
        source = catalogue.read(connection, contract, settings)
        running = connect.config()
        stored = None if running is None else guard.stored_offset(connect.offsets())
        offset = delivered_offset(settings, contract, source.slot, stored)
        status = connect.status()
        heartbeat = _last_heartbeat(settings)
        age = None if heartbeat is None else age_seconds(heartbeat, connection)
        snapshot = offset is not None and offset.snapshot
        problems = (
            *_connector_problems(settings, status),
            *([SNAPSHOT] if snapshot else _slot_problems(settings, source.slot, offset)),
            *(() if snapshot else _heartbeat_problems(settings, heartbeat, age, source.source_id)),
            *(f"{f.place}: {f.text}" for f in compare(contract, source, captured(running)).errors),
        )
        return Health(status, source.slot, heartbeat, age, source.source_id, offset.lsn if offset else None, problems)


def _last_heartbeat(settings: Settings) -> Heartbeat | None:
    if not partitions(settings, [heartbeat_topic(settings)]):
        return None
    with heartbeats(settings) as reader:
        return reader.last()


def _connector_problems(settings: Settings, status: ConnectorStatus | None) -> Iterator[str]:
    name = settings.connector_name
    if status is None:
        yield f"there is no connector {name}: run `techhub-cdc connectors apply`"
    elif status.failed:
        yield f"connector {name} failed: {status.reason}"
    elif status.state != "RUNNING":
        yield f"connector {name} is {status.state.lower()}: run `techhub-cdc connectors resume`"
    elif not status.tasks:
        yield f"connector {name} has no task: see the log of kafka connect"


def _slot_problems(settings: Settings, slot: Slot | None, offset: guard.StoredOffset | None) -> Iterator[str]:
    reason = guard.lost(slot, offset)
    if reason:
        yield f"capture lost changes: {reason}; run `techhub-cdc connectors apply`, which says how to go on"
    elif slot is None:
        yield f"there is no replication slot {settings.slot_name}"
    elif slot.active_pid is None:
        yield (
            f"nobody reads replication slot {slot.name}: it keeps {megabytes(slot.retained)} of WAL, and grows; run "
            "`techhub-cdc connectors apply`"
        )
    if slot is not None and scarce(slot) and not reason:
        yield (
            f"replication slot {slot.name} keeps {megabytes(slot.retained)} of WAL and is lost after "
            f"{megabytes(slot.safe)} more: let the connector catch up (`techhub-cdc connectors resume`, or the log of "
            "kafka connect), or raise max_slot_wal_keep_size"
        )


def scarce(slot: Slot) -> bool:
    """Whether PostgreSQL comes near to giving the slot up."""
    if slot.safe is None or slot.retained is None:
        return False
    return slot.safe <= 0 or slot.retained > USED * (slot.retained + slot.safe)


def _heartbeat_problems(
    settings: Settings, heartbeat: Heartbeat | None, age: float | None, source_id: str
) -> Iterator[str]:
    if heartbeat is None or age is None:
        yield "no heartbeat has come through kafka"
        return
    if age > settings.heartbeat_seconds + LATE_SECONDS:
        expected = f"expected one every {settings.heartbeat_seconds:g} s"
        yield f"the last heartbeat that came through kafka is {age:.0f} s old, {expected}"
    if heartbeat.source_id not in (None, source_id):
        yield f"heartbeats come from another source ({heartbeat.source_id}) than the database ({source_id})"


def megabytes(count: int | None) -> str:
    return "an unknown amount" if count is None else f"{count / 1024 / 1024:.1f} MB"
