"""A crowd of viewers of the live page in a process of its own: `python -m benchmarks.crowd ADDRESS COUNT STALLED`.

Prints a line when everybody has joined, and when its input ends a second one: how many of the stalled were cut, and how
many of the others. Whoever stalls asks for the stream of figures and reads nothing, with the smallest of buffers.
"""

import asyncio
import contextlib
import json
import socket
import sys
import time
from urllib.parse import urlsplit

from dashboard.pages import PAGES

BLOCK = 1 << 16
LOOK_SECONDS = 10.0


def stall(address: str, page: str = "requests") -> socket.socket:
    """Asks for the stream, and never reads it."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asking.connect((parts.hostname, parts.port))
    asking.sendall(question(address, page))
    return asking


def question(address: str, page: str) -> bytes:
    return f"GET /stream/{page} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n\r\n".encode()


def ended(stalled: socket.socket, seconds: float) -> bool:
    """Whether the server has ended it, behind what was already on its way; one that goes on sending has not."""
    deadline = time.monotonic() + seconds
    try:
        while (left := deadline - time.monotonic()) > 0:
            stalled.settimeout(left)
            if not stalled.recv(BLOCK):
                return True
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return False


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
"""Both: a writer that nobody holds is closed."""


async def join(address: str, page: str) -> Stream:
    """Returns with the first figures."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(question(address, page))
    await reader.readuntil(b"data: ")
    return reader, writer


async def watch(stream: Stream) -> None:
    """Until the server ends it."""
    reader, _ = stream
    with contextlib.suppress(ConnectionError):
        while await reader.read(BLOCK):
            continue


async def crowd(address: str, count: int, stalled: int) -> None:
    pages, idle = list(PAGES), [stall(address) for _ in range(stalled)]
    streams = await asyncio.gather(*(join(address, pages[n % len(pages)]) for n in range(count - stalled)))
    tasks = [asyncio.create_task(watch(stream)) for stream in streams]
    print("joined", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    others_cut = sum(task.done() for task in tasks)
    stalled_cut = sum(await asyncio.gather(*(asyncio.to_thread(ended, each, LOOK_SECONDS) for each in idle)))
    print(json.dumps({"stalled_cut": stalled_cut, "others_cut": others_cut}), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(crowd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
