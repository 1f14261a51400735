"""May capture start? Decided from the slot and the stored offset alone."""

from typing import Any

import pytest

from connectors.catalogue import Slot
from connectors.guard import StoredOffset, lost, stored_offset


def slot(confirmed: int = 100, status: str = "reserved", reason: str | None = None, pid: int | None = None) -> Slot:
    return Slot("techhub_cdc", "pgoutput", pid, status, reason, confirmed, 0, 0, None)


STREAMED = StoredOffset(100, snapshot=False)


@pytest.mark.parametrize(
    ("found", "offset"),
    [
        (None, None),
        (slot(), None),
        (slot(confirmed=100), STREAMED),
        (slot(confirmed=99), STREAMED),
        # nobody can move a slot that is being read: the offset is one of before, Kafka is away
        (slot(confirmed=101, pid=7), STREAMED),
        # a snapshot that did not end starts over
        (None, StoredOffset(100, snapshot=True)),
        (slot(confirmed=200), StoredOffset(100, snapshot=True)),
    ],
)
def test_starting_is_safe_while_the_slot_is_not_ahead_of_what_was_delivered(
    found: Slot | None, offset: StoredOffset | None
) -> None:
    assert lost(found, offset) is None


@pytest.mark.parametrize(
    ("found", "offset", "reason"),
    [
        (slot(confirmed=101), STREAMED, "moved ahead to 0/65, but the connector has read the log up to 0/64"),
        (None, STREAMED, "the replication slot is gone"),
        (slot(status="lost"), STREAMED, "invalidated by postgresql (wal removed)"),
        (slot(reason="wal_removed"), None, "invalidated by postgresql (wal_removed)"),
    ],
)
def test_lost_changes_are_named(found: Slot | None, offset: StoredOffset | None, reason: str) -> None:
    assert reason in (lost(found, offset) or "")


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ({"lsn_proc": 36141000, "lsn_commit": 36141000, "lsn": 36141000}, StoredOffset(36141000, snapshot=False)),
        ({"lsn": 500, "snapshot": "INITIAL", "snapshot_completed": False}, StoredOffset(500, snapshot=True)),
        ({"lsn": 500, "snapshot": "INITIAL", "snapshot_completed": True}, StoredOffset(500, snapshot=False)),
    ],
)
def test_the_stored_offset_is_read_as_connect_gives_it(offset: dict[str, Any], expected: StoredOffset) -> None:
    assert stored_offset({"offsets": [{"partition": {"server": "techhub"}, "offset": offset}]}) == expected


def test_no_stored_offset_is_none() -> None:
    assert stored_offset({"offsets": []}) is None
    assert stored_offset({}) is None
