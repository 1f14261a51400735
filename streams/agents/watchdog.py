"""The progress watchdog: a worker that stands still writes all stacks to its log and ends, to be started again.

    the loop   once a second looks at every watermark whose log has more
    a thread   looks whether the loop turns, for the loop itself may be what stands still

While ClickHouse is away neither counts: that is waited for in place.
"""

import asyncio
import faulthandler
import gc
import logging
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

from streams.agents.exits import SURPRISE, leave
from streams.agents.health import Health

log = logging.getLogger("techhub.watchdog")
LOOK_SECONDS: Final = 1.0
FRAMES: Final = 100
"""Of a task: as many are told."""


class Watchdog:
    """`health.stall_seconds` without progress end the process."""

    def __init__(self, health: Health) -> None:
        self.health = health
        self.limit = health.stall_seconds
        self.loop = asyncio.get_running_loop()
        self.turns = 0
        self.thread = threading.Thread(target=self.watch_loop, name="watchdog", daemon=True)
        self.thread.start()

    async def run(self) -> None:
        """In the event loop, until cancelled."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now, self.turns = time.monotonic(), self.turns + 1
            self.health.look(counted(now - last))
            await self.health.engine.check_contention()
            last = now
            if self.health.stuck is not None and self.health.stuck[1] >= self.limit:
                partition, seconds = self.health.stuck
                self.bark(f"the watermark of {partition} has not moved for {seconds:.0f} s while its log has more")
            if self.health.deaf:
                self.bark("the thread that reads heartbeats has died")

    def watch_loop(self) -> None:
        seen, silent, last = 0, 0.0, time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            silent = 0.0 if self.turns != seen else silent + counted(now - last)
            seen, last = self.turns, now
            if silent >= self.limit:
                self.bark(f"the event loop has not turned for {silent:.0f} s")

    def bark(self, reason: str) -> None:
        log.critical("%s; all stacks follow, then this process ends and is started again", reason)
        faulthandler.dump_traceback(sys.stderr, all_threads=True)
        for task in asyncio.all_tasks(self.loop):
            sys.stderr.write(f"task {task.get_name()}\n" + "".join(map(place, awaiting(task.get_coro()))))
        leave(SURPRISE)


def awaiting(work: Any) -> Iterator[FrameType]:
    """Where a task stands, from its coroutine through all that it awaits; asyncio itself tells the first frame only."""
    for _ in range(FRAMES):
        kind = next((kind for kind in ("cr", "gi", "ag") if hasattr(work, f"{kind}_frame")), None)
        if kind is None:
            # a wrapper that an `__await__` or an `async for` has made, and that tells nobody what it wraps
            work = next(
                (each for each in gc.get_referents(work) if hasattr(each, "cr_frame") or hasattr(each, "ag_frame")),
                None,
            )
            continue
        if (frame := getattr(work, f"{kind}_frame")) is not None:
            yield frame
        work = getattr(work, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")


def place(frame: FrameType) -> str:
    return f'  File "{frame.f_code.co_filename}", line {frame.f_lineno or 0}, in {frame.f_code.co_name}\n'


def counted(passed: float) -> float:
    """A process that was stopped and goes on does not count the time it was stopped."""
    return min(passed, 2 * LOOK_SECONDS)
