"""An event loop without real time and without a world: waiting is a jump of the clock, so that a seed decides all."""

import asyncio
import heapq
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs what is ready; when nothing is, it is at once the time of what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        """Private in asyncio: its own asks the operating system each time, which here never has news."""
        loop: Any = self
        ready, scheduled = loop._ready, loop._scheduled
        if not ready and scheduled:
            self.now = max(self.now, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self.now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
