"""Positions as Kafka Connect stores them."""

import pytest

from connectors.positions import Position, parse

KEY = b'["techhub",{"server":"techhub"}]'
STREAMED = (
    b'{"lsn_proc":39297336,"lsn_events_processed":1,"messageType":"UPDATE","lsn_commit":39297280,"lsn":39297336,'
    b'"txId":889,"ts_usec":1795789513204827}'
)
SNAPSHOT = (
    b'{"last_snapshot_record":false,"lsn":39292568,"txId":878,"ts_usec":1795789502169307,"snapshot":"INITIAL",'
    b'"snapshot_completed":false}'
)


def test_a_record_and_the_end_of_the_transaction_before_it() -> None:
    assert parse(KEY, STREAMED, "techhub") == Position(39297336, 39297280, 1795789513204827)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (KEY.replace(b'"techhub",', b'"other",'), STREAMED),
        (KEY, SNAPSHOT),
        (KEY, STREAMED.replace(b"{", b'{"snapshot":"INITIAL",')),
        (KEY, None),
        (KEY, b"[]"),
        (None, STREAMED),
        (b'"techhub"', STREAMED),
        (b"\xff", STREAMED),
        (b'["\xff",1]', STREAMED),
        (b'["techhub",' + b"[" * 100_000, STREAMED),
    ],
    ids=[
        "another connector", "snapshot", "snapshot in a stream", "deleted", "odd", "no key", "odd key", "no text",
        "no text inside", "too deep",
    ],
)  # fmt: skip
def test_all_else_proves_nothing(key: bytes | None, value: bytes | None) -> None:
    assert parse(key, value, "techhub") is None
