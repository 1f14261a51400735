"""At each heartbeat of the source: is it still the same source, is the log unbroken, what may be claimed, are history
facts due.

Flows in: beats, and watermarks that have become durable. Flows out: rows of `seen_until` and `heartbeats`,
RESYNC_REQUIRED for another source or a broken log, statements that make history facts.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from schemas.rows import SEEN_UNTIL, Partition, Row, RowTable
from schemas.settings import Settings
from sinks.clickhouse import Sink, SinkUnavailable
from streams.agents.exits import Background
from streams.agents.pulse import heartbeat_row
from streams.continuity import ANEW, HEARTBEATS, MEND
from streams.freshness import Beat, Freshness
from streams.stored import Stored

log = logging.getLogger("techhub.heartbeats")
RECORD_SECONDS: Final = 10.0
"""Between two heartbeats that are written down as looked at."""

RequireResync = Callable[[Iterable[str], str, str], Awaitable[None]]
Insert = Callable[[RowTable, Sequence[Row]], Awaitable[None]]


class Heartbeats:
    """`captured` are all topics, `histories` the statements that make history facts."""

    def __init__(
        self, settings: Settings, background: Background, captured: Collection[str], histories: Sequence[str],
        require_resync: RequireResync,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.background = background
        self.captured = captured
        self.histories = histories
        self.require_resync = require_resync
        self.freshness = Freshness()
        self.source_id = ""
        self.recorded = 0.0
        self.beaten = time.monotonic()
        """Clock of the newest heartbeat, or of the start."""
        self.committed_at = 0
        """Of the newest heartbeat; 0 before the first."""
        self.parts: Mapping[Partition, Stored] = {}
        self.due_histories: set[str] = set()
        """Topics of history tables with rows that only a snapshot has shown."""

    def reset(self, parts: Mapping[Partition, Stored], histories: Collection[str] = ()) -> None:
        """After an assignment: only what the sink has counts."""
        self.parts = parts
        self.freshness.reset({partition: part.fold.staged.watermark for partition, part in parts.items()})
        self.due_histories.update(histories)

    def beat(self, beat: Beat, sink: Sink, insert: Insert) -> None:
        self.beaten, self.committed_at = time.monotonic(), beat.committed_at
        others = self.other_sources(beat.source_id) if beat.source_id else {}
        self.background.spawn(self.record(beat, others, self.freshness.beat(beat), insert))
        if self.due_histories and self.freshness.at_end:
            due, self.due_histories = self.due_histories, set()
            self.background.spawn(self.write_histories(sink, due))

    async def record(self, beat: Beat, others: Mapping[str, str], claims: Sequence[Row], insert: Insert) -> None:
        """What a beat proves: first that changes are missing, then what has been seen."""
        if others:
            before = next(iter(others.values()))
            reason = f"the source is another one: {before} before, {beat.source_id} now"
            await self.require_resync(others, reason, ANEW)
        if beat.broken is not None:
            await self.require_resync(self.captured, beat.broken, MEND)
        if claims:
            await insert(SEEN_UNTIL, claims)
        now = asyncio.get_running_loop().time()
        if beat.broken is not None or now - self.recorded > RECORD_SECONDS:
            self.recorded = now
            await insert(HEARTBEATS, [heartbeat_row(self.settings, beat)])

    def other_sources(self, source_id: str) -> dict[str, str]:
        """Topics whose rows come from another source, and which: a restored or replaced one has another past."""
        known, self.source_id = self.source_id, source_id
        others = {}
        for partition, part in self.parts.items():
            before = known or part.source_id
            if before and before != source_id:
                others[partition.topic] = before
            part.source_id = source_id
        return others

    async def write_histories(self, sink: Sink, due: set[str]) -> None:
        """Facts out of history rows that only snapshots have seen; idempotent."""
        try:
            for sql in self.histories:
                await sink.command(sql)
            log.info("history facts are up to date")
        except SinkUnavailable as error:
            log.warning("history facts are written later: %s", error)
            self.due_histories.update(due)
