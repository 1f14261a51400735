"""Is the log unbroken? Heartbeats are numbered in the source: a number that is missing in the log proves lost changes.

Flows in: heartbeats in the order of the log. Flows out: why changes may be missing, or None. Whoever restarted the
connector, and over whatever slot: heartbeats are raised whether it runs or not (`ops/guardian.py`), so changes that are
lost take some of them along. Pure.
"""

from dataclasses import dataclass
from typing import Final

from schemas.rows import RowTable

HEARTBEATS: Final = RowTable(
    "heartbeats",
    ("topic", "partition"),
    ("topic", "partition", "offset", "seq", "committed_at", "source_id"),
    ("topic", "partition"),
    "committed_at",
)
"""The last heartbeat that was looked at: where a worker goes on after a restart."""

MEND: Final = "techhub-cdc reconcile --repair"
"""Where capture runs: what the log misses is brought back through it."""
ANEW: Final = f"techhub-cdc connectors delete --yes; techhub-cdc connectors apply; {MEND}"
"""Where capture does not go on: a new slot and snapshot over the rows that are there, then what that cannot show."""


@dataclass(slots=True)
class Continuity:
    """`seq`, `committed_at` (microseconds): of the newest heartbeat; `seq` is None before the first."""

    seq: int | None = None
    committed_at: int = 0

    def follow(self, seq: int, committed_at: int, *, streamed: bool) -> str | None:
        before, before_at = self.seq, self.committed_at
        sent_again = before is not None and streamed and seq <= before and committed_at <= before_at
        if not sent_again:
            self.seq, self.committed_at = seq, max(committed_at, before_at)
        if before is None or sent_again:
            return None
        if not streamed:
            return f"capture began anew with a snapshot after heartbeat {before}: deletions before it may be missing"
        if seq <= before:
            return f"heartbeat {seq} was committed a second time after {before}: the source was restored"
        if seq > before + 1:
            return f"{seq - before - 1} heartbeats are missing in the log after number {before}: changes were lost"
        return None
