"""Starts the parts of a stack side by side and waits until each is healthy; one that dies is named with its log."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.local import processes, state
from deploy.local.part import Part
from deploy.local.place import Place, is_free
from deploy.local.processes import Running
from schemas.errors import Problem, Unreachable

POLL_SECONDS = 0.1
PORT_SECONDS = 3.0
LAST_LINES = 15

Phase = Literal["fetching", "starting", "ready", "running", "stopping", "stopped", "loading"]


@dataclass(frozen=True, slots=True)
class Event:
    """`part` reached `phase`; `seconds` it took where that is known, `detail` what is going on."""

    part: str
    phase: Phase
    seconds: float | None = None
    detail: str = ""


Progress = Callable[[Event], None]


class Abandoned(Exception):
    """Another part failed or the user gave up: this one stops waiting."""


class Starting:
    """One attempt to bring `parts` up. What it launched is in the stack's state at once, so that nothing is lost."""

    def __init__(self, place: Place, known: state.State, progress: Progress) -> None:
        self._place = place
        self._state = known
        self._progress = progress
        self._saving = threading.Lock()
        self._given_up = threading.Event()
        self._up: dict[str, threading.Event] = {}
        self._launched: list[Part] = []

    def run(self, parts: Sequence[Part]) -> None:
        """Returns when all are healthy; else stops those that it launched and raises what the first failure was."""
        for part in parts:
            self._check_ports(part)
        self._up = {part.name: threading.Event() for part in parts}
        with ThreadPoolExecutor(max(1, len(parts))) as pool:
            futures = [pool.submit(self._start, part) for part in parts]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                _raise_first(futures)
            except BaseException:
                self._given_up.set()
                wait(futures)
                stop(self._place, self._state, self._launched, self._progress)
                raise

    def _check_ports(self, part: Part) -> None:
        for name in part.ports:
            port = self._place.ports[name]
            # a process that was killed lets go of its port a moment after its end
            deadline = time.monotonic() + PORT_SECONDS
            while not (free := is_free(port)) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            if not free:
                raise Unreachable(
                    f"{part.name}: port {port}, which this stack remembers for it, is in use by another program: "
                    "stop that program, or start over with `techhub-cdc down --purge`"
                )

    def _start(self, part: Part) -> None:
        began = time.monotonic()
        self._progress(Event(part.name, "starting"))
        part.prepare(self._place)
        for needed in part.needs:
            self._wait_for(needed)
        log = self._place.log(part.name)
        begin = log.stat().st_size if log.exists() else 0
        running = self._launch(part, log)
        self._wait_until_healthy(part, running, log, begin)
        part.settle(self._place)
        if part.name in self._up:
            self._up[part.name].set()
        self._progress(Event(part.name, "ready", time.monotonic() - began))

    def _launch(self, part: Part, log: Path) -> Running:
        with self._saving:
            if self._given_up.is_set():
                raise Abandoned
            running = processes.start(part.launch(self._place), log)
            self._launched.append(part)
            self._state.running[part.name] = running
            state.save(self._place.directory, self._state)
        return running

    def _wait_for(self, needed: str) -> None:
        ready = self._up.get(needed)
        while ready is not None and not ready.wait(POLL_SECONDS):
            if self._given_up.is_set():
                raise Abandoned

    def _wait_until_healthy(self, part: Part, running: Running, log: Path, begin: int) -> None:
        deadline = time.monotonic() + part.start_seconds
        while not part.healthy(self._place):
            if not processes.alive(running):
                raise Problem(f"{part.name} ended while it was starting; the last lines of {log}:\n{tail(log, begin)}")
            if time.monotonic() > deadline:
                waited = f"{part.name} was not healthy after {part.start_seconds:.0f} s"
                raise Problem(f"{waited}; the last lines of {log}:\n{tail(log, begin)}")
            if self._given_up.wait(POLL_SECONDS):
                raise Abandoned


def stop(place: Place, known: state.State, parts: Sequence[Part], progress: Progress, *, abort: bool = False) -> None:
    """Stops them, those that need others first; with `abort` without an orderly end."""
    needing = [part for part in parts if part.needs]
    for group in (needing, [part for part in parts if not part.needs]):
        with ThreadPoolExecutor(max(1, len(group))) as pool:
            for part, seconds in zip(
                group, pool.map(lambda part: _stop(place, known, part, progress, abort), group), strict=True
            ):
                known.running.pop(part.name, None)
                if seconds is not None:
                    progress(Event(part.name, "stopped", seconds))
    state.save(place.directory, known)


def _stop(place: Place, known: state.State, part: Part, progress: Progress, abort: bool) -> float | None:
    running = known.running.get(part.name)
    if running is None or not processes.alive(running):
        return None
    began = time.monotonic()
    progress(Event(part.name, "stopping"))
    number = part.abort_signal if abort and not part.unsaved() else None
    if processes.stop(running, part.stop_seconds, number):
        part.stopped(place)
    return time.monotonic() - began


def tail(log: Path, begin: int = 0) -> str:
    """The last lines that were written since `begin`."""
    with log.open("rb") as file:
        file.seek(max(begin, log.stat().st_size - 20_000))
        text = file.read().decode(errors="replace")
    return "\n".join(text.strip().splitlines()[-LAST_LINES:]) or "(it wrote nothing)"


def _raise_first(futures: Sequence["Future[None]"]) -> None:
    """The cause, not what gave up because of it."""
    errors = [error for future in futures if future.done() and (error := future.exception())]
    for error in sorted(errors, key=lambda error: isinstance(error, Abandoned)):
        raise error
