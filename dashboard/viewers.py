"""Fan-out: one message for everybody who watches the same figures; whoever does not keep up is cut.

A viewer's queue is bounded. The browser opens the stream again by itself and gets the whole picture, so that a cut
costs nothing but that, and a stalled one never holds memory or slows the others.
"""

import asyncio
from typing import Final

QUEUE: Final = 8
"""Messages that a viewer may be behind."""


class Viewer:
    """One open stream. `next` ends with None when it was cut."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self.cut = False

    def put(self, message: bytes) -> None:
        if self.cut:
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """What still waits is dropped."""
        self.cut = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self) -> bytes | None:
        return await self._queue.get()


class Viewers:
    """Those of one channel."""

    def __init__(self) -> None:
        self._all: set[Viewer] = set()

    def __len__(self) -> int:
        return len(self._all)

    def join(self) -> Viewer:
        viewer = Viewer()
        self._all.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self._all.discard(viewer)

    def publish(self, message: bytes) -> None:
        for viewer in self._all:
            viewer.put(message)

    def end(self) -> None:
        for viewer in self._all:
            viewer.end()
