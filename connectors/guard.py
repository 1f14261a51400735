"""May capture start or resume? A pure decision over the slot and the connector's stored offset.

A slot that was moved ahead of the stored offset loses every change between the two. Debezium compares its offset with
the slot's restart point only: it refuses to start when that too has passed the offset, and otherwise reads on and says
nothing (all four values of `offset.mismatch.strategy` were tried). After it has run once more the evidence is gone, so
this is asked before. Read the slot first and the offset second: on a running connector both move. The slot may be a
little ahead of the stored offset by the connector's own doing: `connectors/delivered.py` tells the two apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.catalogue import Slot


@dataclass(frozen=True, slots=True)
class StoredOffset:
    """How far Connect has delivered the log; `snapshot` while the initial snapshot is not complete."""

    lsn: int
    snapshot: bool


def stored_offset(answer: Mapping[str, Any]) -> StoredOffset | None:
    """The answer of `GET /connectors/NAME/offsets`; None when nothing is stored."""
    for entry in answer.get("offsets") or ():
        offset = entry.get("offset") or {}
        # `lsn` alone is stored while a snapshot runs, `lsn_proc` once the stream does
        lsn = offset.get("lsn_proc") or offset.get("lsn")
        if lsn is not None:
            return StoredOffset(int(lsn), _in_snapshot(offset))
    return None


def _in_snapshot(offset: Mapping[str, Any]) -> bool:
    return bool(offset.get("snapshot")) and not offset.get("snapshot_completed") and offset.get("lsn_proc") is None


def lost(slot: Slot | None, offset: StoredOffset | None) -> str | None:
    """Why changes were lost, or None: then starting is safe."""
    if slot is not None and (slot.wal_status == "lost" or slot.invalidation_reason):
        reason = slot.invalidation_reason or "wal removed"
        return f"replication slot {slot.name} was invalidated by postgresql ({reason})"
    if offset is None or offset.snapshot:
        return None
    if slot is None:
        return f"the replication slot is gone, but the connector has read the log up to {format_lsn(offset.lsn)}"
    if ahead(slot, offset):
        return (
            f"replication slot {slot.name} was moved ahead to {format_lsn(slot.confirmed_flush_lsn or 0)}, "
            f"but the connector has read the log up to {format_lsn(offset.lsn)} only"
        )
    return None


def ahead(slot: Slot, offset: StoredOffset) -> bool:
    """Nobody can move a slot that is being read; while Kafka is away, Connect tells an offset of before."""
    confirmed = slot.confirmed_flush_lsn
    return slot.active_pid is None and confirmed is not None and confirmed > offset.lsn


def format_lsn(lsn: int) -> str:
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
