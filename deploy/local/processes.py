"""Processes that outlive the command that started them: a `Launch` in, a `Running` (pid and start time) out.

A pid alone may belong to somebody else by now; with its start time it names one process for ever.
"""

import contextlib
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

CLOCK_SECONDS = 2.0
"""How far a start time may seem to move when the clock is set."""


@dataclass(frozen=True, slots=True)
class Launch:
    command: Sequence[str | Path]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: int = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    started: float
    stop_signal: int


def start(launch: Launch, log: Path) -> Running:
    """Starts it detached: neither the end of this process nor a Ctrl-C in its terminal reaches it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in launch.command],
            cwd=launch.directory,
            env=os.environ | launch.environment,
            user=launch.user,
            group=primary_group(launch.user),
            extra_groups=[] if launch.user else None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(process.pid, _started(process.pid), launch.stop_signal)
    # it is meant to outlive us: the object must not complain about that when it goes
    process.returncode = 0
    return running


def primary_group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def alive(running: Running) -> bool:
    return _find(running) is not None


def stop(running: Running, seconds: float, number: int | None = None) -> bool:
    """Asks it to end, by its own signal or that one, then makes it; False when it had to be killed. Somebody else's
    process is left alone."""
    process = _find(running)
    if process is None:
        return True
    children = _children(process)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(running.stop_signal if number is None else number)
    try:
        process.wait(seconds)
        return True
    except psutil.TimeoutExpired:
        for left in (process, *children):
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
        psutil.wait_procs([process, *children], timeout=5)
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _find(running: Running) -> psutil.Process | None:
    try:
        process = psutil.Process(running.pid)
        if abs(process.create_time() - running.started) > CLOCK_SECONDS:
            return None
        if process.status() == psutil.STATUS_ZOMBIE:
            _reap(running.pid)
            return None
    except psutil.NoSuchProcess:
        return None
    return process


def _started(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0


def _reap(pid: int) -> None:
    """Takes the exit status of an ended child, if it was ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
