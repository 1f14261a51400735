"""What happened to workers, for people: rows of `worker_events`. Nothing is derived from them."""

import logging
import time
from typing import Final

from sinks.clickhouse import Sink, SinkUnavailable

log = logging.getLogger("techhub.journal")
COLUMNS: Final = ("at", "worker", "event", "detail")


class Journal:
    def __init__(self, sink: Sink, worker: str) -> None:
        self.sink = sink
        self.worker = worker

    async def write(self, event: str, detail: str) -> None:
        """Best effort: a journal must not hold up what it reports."""
        row = ([time.time_ns() // 1000], [self.worker], [event], [detail])
        try:
            await self.sink.insert("worker_events", COLUMNS, row)
        except SinkUnavailable as error:
            log.warning("event %s was not recorded: %s", event, error)
