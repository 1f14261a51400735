"""What happened to workers, for people: rows of `worker_events`. Nothing is derived from them."""

import logging
import time
from typing import Final

from sinks.clickhouse import Sink, SinkUnavailable

log = logging.getLogger("techhub.journal")
START: Final = "start"
COLUMNS: Final = ("at", "worker", "event", "detail")


class Journal:
    def __init__(self, sink: Sink, worker: str) -> None:
        self.sink = sink
        self.worker = worker
        self.began = time.time_ns() // 1000

    async def followed(self) -> bool:
        """Whether another process with this worker's id was started after this one."""
        try:
            return await self.sink.started(self.worker) > self.began
        except SinkUnavailable:
            return True

    async def write(self, event: str, detail: str) -> None:
        """Best effort: a journal must not hold up what it reports."""
        at = self.began if event == START else time.time_ns() // 1000
        row = ([at], [self.worker], [event], [detail])
        try:
            await self.sink.insert("worker_events", COLUMNS, row)
        except SinkUnavailable as error:
            log.warning("event %s was not recorded: %s", event, error)
