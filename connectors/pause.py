"""Capture held still for a while: changes wait in the slot, and nothing is lost until PostgreSQL gives it up.

`resume` starts nothing over a slot from which changes were lost. Both are safe to repeat.
"""

import time
from dataclasses import dataclass
from typing import Final

from connectors import catalogue
from connectors.capture import Capture, Progress, guarded_offset
from connectors.catalogue import Slot
from connectors.errors import Refused
from connectors.heartbeat import heartbeats
from connectors.rest import Connect, ConnectorStatus
from schemas.contract import Contract
from schemas.settings import Settings

PAUSE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Held:
    """`changed`: it was not so before. `slot`: what it keeps of the write-ahead log, and how much more it may."""

    state: str
    changed: bool
    slot: Slot | None


def pause(settings: Settings) -> Held:
    assert settings.connect_url is not None
    with catalogue.connect(settings) as connection, Connect(settings.connect_url, settings.connector_name) as connect:
        before = _existing(connect)
        if before.state not in ("PAUSED", "STOPPED"):
            connect.pause()
            connect.wait(lambda s: s is not None and {s.state, *s.tasks} == {"PAUSED"}, "paused", PAUSE_SECONDS)
        after = _existing(connect)
        return Held(after.state, after.state != before.state, catalogue.read_slot(connection, settings.slot_name))


def resume(settings: Settings, contract: Contract, progress: Progress, deadline_seconds: float) -> Held:
    """Waits until a heartbeat of the resumed connector has come through Kafka."""
    assert settings.connect_url is not None
    with catalogue.connect(settings) as connection, Connect(settings.connect_url, settings.connector_name) as connect:
        before = _existing(connect)
        guarded_offset(settings, contract, connection, connect)
        with heartbeats(settings) as beats:
            deadline = time.monotonic() + deadline_seconds
            Capture(settings, contract, connection, connect, beats, deadline, progress).resume()
        after = _existing(connect)
        return Held(after.state, after.state != before.state, catalogue.read_slot(connection, settings.slot_name))


def _existing(connect: Connect) -> ConnectorStatus:
    status = connect.status()
    if status is None:
        raise Refused(f"there is no connector {connect.name}: run `techhub-cdc connectors apply`")
    return status
