"""Is this worker well? What the engine knows, in words: alive, ready, and how long a partition has been stuck.

    alive   its event loop turns: whoever asks gets an answer
    ready   partitions are assigned and read, ClickHouse takes rows, heartbeats come, every watermark follows its log

A worker is never called ready while it is known to stand still, and never stuck while it waits for ClickHouse.
"""

import time
from collections.abc import Iterator
from typing import Final

from schemas.rows import Partition
from streams.agents.engine import Engine
from streams.agents.pulse import Pulse
from streams.progress import Progress

AWAY_SECONDS: Final = 5.0
"""An insert without an answer for this long: ClickHouse is as good as away."""
HUNG_SECONDS: Final = 150.0
"""The client gives up after 60 s; an insert that waits longer is a defect of ours, not ClickHouse being away."""
LATE_SECONDS: Final = 15.0
"""As `stalled` in v_freshness."""


class Health:
    def __init__(self, engine: Engine, stall_seconds: float) -> None:
        """`stall_seconds` without progress end the process; it is not ready for a while before."""
        self.engine = engine
        self.stall_seconds = stall_seconds
        self.progress = Progress()

    def look(self, passed: float) -> None:
        """Once a second: remembers how long which watermark has not moved."""
        freshness, next_ = self.engine.heartbeats.freshness, self.engine.reading.next
        ends = freshness.beats[-1].ends if freshness.beats else {}
        reading = {partition: at for partition, at in freshness.durable.items() if partition in next_}
        self.progress.look(ends, reading, passed)
        if self.unavailable_seconds:
            self.progress.excused()

    @property
    def unavailable_seconds(self) -> float:
        """How long ClickHouse has not taken rows; 0: it does."""
        writer, waited = self.engine.writer, self.engine.meter.unanswered_seconds()
        if writer is not None and writer.unavailable_since is not None:
            return max(time.monotonic() - writer.unavailable_since, 0.001)
        return waited if AWAY_SECONDS < waited < HUNG_SECONDS else 0.0

    @property
    def stuck(self) -> tuple[Partition, float] | None:
        return self.progress.worst

    @property
    def deaf(self) -> bool:
        """No heartbeat can come any more."""
        pulse = self.engine.pulse
        return isinstance(pulse, Pulse) and not pulse.stopping.is_set() and not pulse.thread.is_alive()

    @property
    def unproven_seconds(self) -> float:
        pulse = self.engine.pulse
        return pulse.unproven_seconds if isinstance(pulse, Pulse) else 0.0

    def now(self) -> float:
        return time.time()

    @property
    def heartbeat_age_seconds(self) -> float | None:
        """Of the newest heartbeat, by the source's clock."""
        committed_at = self.engine.heartbeats.committed_at
        return max(self.now() - committed_at / 1e6, 0.0) if committed_at else None

    def reasons(self) -> list[str]:
        """Why it is not ready; none: it is."""
        return list(self.missing())

    def missing(self) -> Iterator[str]:
        reading = self.engine.reading
        if self.engine.writer is None:
            yield "ClickHouse or Kafka has not been reached yet"
        elif not reading.assigned:
            yield "no partitions are assigned"
        elif not reading.located:
            yield f"{len(reading.assigned)} partitions are not read yet: their state is being loaded"
        elif not reading.next:
            yield "every partition is in RESYNC_REQUIRED: techhub-cdc status"
        if away := self.unavailable_seconds:
            yield f"ClickHouse has not taken rows for {away:.0f} s"
        if (silent := time.monotonic() - self.engine.heartbeats.beaten) > LATE_SECONDS:
            yield f"no heartbeat of the source for {silent:.0f} s: techhub-cdc connectors status"
        if (unproven := self.unproven_seconds) > LATE_SECONDS:
            yield f"for {unproven:.0f} s Kafka Connect has stored nothing that proves a heartbeat: techhub-cdc doctor"
        if self.stuck is not None and self.stuck[1] > min(LATE_SECONDS, self.stall_seconds / 2):
            yield f"the watermark of {self.stuck[0]} has not moved for {self.stuck[1]:.0f} s while its log has more"
