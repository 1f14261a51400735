"""Ingestion beside a live page that many watch: commit to query with one viewer of each page and with a crowd.

The page is `techhub-cdc serve` in a process of its own, the crowd another; both take their CPU from the same machine,
which viewers elsewhere would not.
"""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks import latency
from benchmarks.latency import Latencies, Load, loading
from dashboard.pages import PAGES
from schemas.settings import Settings, environment

FEW: Final = len(PAGES)
"""One of each page: what ClickHouse is asked is the same for these as for a crowd."""
JOIN_SECONDS: Final = 60.0
NOTICE_SECONDS: Final = 120.0
"""Within which who reads nothing is cut: what its kernel buffers hold has to be full first."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Those who read and those who do not; how many were cut of each, once it is over."""

    count: int
    stalled: int
    stalled_cut: int = 0
    others_cut: int = 0


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The address of a page in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "serve", "--port", "0"],
        env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        if not said:
            raise RuntimeError("the live page did not start; see techhub-cdc serve")
        yield said.rpartition(" ")[2].strip().rstrip("/")
    finally:
        process.terminate()
        process.wait(30)


class Joined:
    """A crowd that watches until `leave`."""

    def __init__(self, address: str, count: int, stalled: int) -> None:
        self.count, self.stalled = count, stalled
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.crowd", address, str(count), str(stalled)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        patience = threading.Timer(JOIN_SECONDS, self.process.kill)
        patience.start()
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        patience.cancel()
        if not said:
            raise RuntimeError(f"{count} viewers did not get figures within {JOIN_SECONDS:.0f} s")

    def leave(self) -> Crowd:
        answer, _ = self.process.communicate("", NOTICE_SECONDS)
        return Crowd(self.count, self.stalled, **json.loads(answer))

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def joined(address: str, count: int, stalled: int) -> Iterator[Joined]:
    crowd = Joined(address, count, stalled)
    try:
        yield crowd
    finally:
        crowd.end()


def measure(
    settings: Settings, rate: float, seconds: float, count: int, stalled: int, tell: Tell
) -> tuple[Latencies, Latencies, Crowd]:
    """With one viewer of each page, and with the crowd for at least as long, until those who read nothing are cut."""
    with loading(settings) as connection, serving(settings) as address:

        def transitions() -> Latencies:
            return latency.transitions(settings, Load(connection, rate, seconds, tell))

        with joined(address, FEW, 0):
            one = transitions()
        with joined(address, count, stalled) as crowd:
            deadline, many = time.monotonic() + NOTICE_SECONDS, transitions()
            while watching(address) > count - stalled and time.monotonic() < deadline:
                many.add(transitions())
            return one, many, crowd.leave()


def watching(address: str) -> int:
    """How many streams are open."""
    with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
        return int(json.load(answer)["viewers"])
