"""A TCP proxy in a thread of its own: bytes pass, and a rule that may change at any time says what happens to them.

Flows in: connections on `port`. Flows out: connections to the target, and counts of what was done to them.
"""

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

CHUNK: Final = 1 << 16
IDLE_SECONDS: Final = 0.02
"""Bytes that follow faster than this belong to the same message: latency is paid once."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to traffic. The default lets it pass.

    `blackhole` holds everything back and says nothing, as a network that is silently cut; what was held passes later,
    as TCP would send it again. `cut_after` resets a connection when so many bytes of an answer have passed.
    `answers_lost` is the share of answers instead of which the connection is reset.
    """

    latency_seconds: float = 0.0
    bytes_per_second: float | None = None
    blackhole: bool = False
    refuse: bool = False
    cut_after: int | None = None
    answers_lost: float = 0.0


PASS: Final = Rule()


@dataclass(eq=False, slots=True)
class Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None

    def reset(self) -> None:
        """RST to both sides, not an orderly end."""
        for writer in (self.client, self.server):
            if writer is not None and not writer.transport.is_closing():
                if sock := writer.get_extra_info("socket"):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()


class Proxy:
    """Listens on 127.0.0.1:`port` (0: a free one) from `with` on; `seed` decides which answers are lost."""

    def __init__(self, target: int, port: int = 0, seed: int = 1) -> None:
        self.target, self.port = target, port
        self.rule = PASS
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._open: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> None:
        """Resets every connection that is open now."""

        async def all_of_them() -> int:
            found = list(self._open)
            for connection in found:
                connection.reset()
            return len(found)

        self.counts["reset"] += asyncio.run_coroutine_threadsafe(all_of_them(), self._loop).result(10)

    # -- inside the thread --------------------------------------------------------------------------------------------

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _close(self) -> None:
        self._server.close()
        for connection in self._open:
            connection.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = Connection(writer)
        self._open.add(connection)
        try:
            if not self.rule.refuse:
                await self._connect(connection, reader)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            connection.reset()
            self._open.discard(connection)
            self._tasks.discard(task)

    async def _connect(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        await self._while_cut()
        answers, connection.server = await asyncio.open_connection("127.0.0.1", self.target)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(connection, reader, connection.server, answers=False))
            group.create_task(self._pump(connection, answers, connection.client, answers=True))

    async def _while_cut(self) -> None:
        while self.rule.blackhole:  # noqa: ASYNC110 the rule belongs to another thread
            await asyncio.sleep(0.02)

    async def _pump(
        self, connection: Connection, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        passed, last = 0, 0.0
        try:
            while data := await source.read(CHUNK):
                fresh = self._loop.time() - last > IDLE_SECONDS
                await self._delay(fresh, len(data))
                if answers and self._cut(len(data), passed, fresh):
                    return connection.reset()
                target.write(data)
                await target.drain()
                passed, last = passed + len(data), self._loop.time()
            if target.can_write_eof():
                target.write_eof()
        except OSError:
            connection.reset()

    async def _delay(self, fresh: bool, size: int) -> None:
        await self._while_cut()
        rule = self.rule
        if fresh and rule.latency_seconds:
            await asyncio.sleep(rule.latency_seconds)
        if rule.bytes_per_second:
            await asyncio.sleep(size / rule.bytes_per_second)

    def _cut(self, size: int, passed: int, fresh: bool) -> bool:
        """Whether the connection is reset here."""
        rule = self.rule
        if fresh and rule.answers_lost and self._chance.random() < rule.answers_lost:
            self.counts["answer lost"] += 1
            return True
        if rule.cut_after is not None and passed + size > rule.cut_after:
            self.counts["cut"] += 1
            return True
        return False
