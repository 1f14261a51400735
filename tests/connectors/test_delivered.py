"""What a record says of how far the log was sent, and when Kafka is asked; the rest is shown on the stack."""

import json
from dataclasses import replace

import pytest

from connectors.catalogue import Slot
from connectors.delivered import delivered_offset, position
from connectors.guard import StoredOffset
from schemas.contract import Contract
from schemas.settings import Settings

SLOT = Slot("techhub_cdc", "pgoutput", None, "reserved", None, 150, 0, 0, None)
STORED = StoredOffset(100, snapshot=False)


def record(**source: object) -> bytes:
    return json.dumps({"op": "c", "source": source}).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (record(lsn=120, sequence='["110","120"]'), 120),
        # another transaction's commit may lie behind the change
        (record(lsn=120, sequence='["150","120"]'), 150),
        (record(lsn=120, sequence='[null,"120"]'), 120),
        (record(lsn=120), 120),
        (record(lsn=None, sequence="7"), 0),
        (b"no envelope", 0),
        (None, 0),
    ],
)
def test_a_record_says_how_far_the_log_was_sent(value: bytes | None, expected: int) -> None:
    assert position(value) == expected


@pytest.mark.parametrize("slot", [None, replace(SLOT, active_pid=7), replace(SLOT, confirmed_flush_lsn=100)])
def test_kafka_is_asked_in_doubt_only(settings: Settings, contract: Contract, slot: Slot | None) -> None:
    # the settings name a broker that is not there
    assert delivered_offset(settings, contract, slot, STORED) == STORED
    assert delivered_offset(settings, contract, SLOT, None) is None
