"""`techhub-cdc ...` in a process of its own, forked from one that has imported what it needs.

What a command does is the same, but importing takes a second of CPU, and hundreds of commands would each spend it. That
commands start from nothing, too, is shown where few of them run: by the demo, the live page, maintenance, rebuild.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ops.cli import COMMANDS

FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["ops.cli", *(f"ops.{module}" for module in sorted(set(COMMANDS.values())))])


def begin(
    arguments: Sequence[str], values: Mapping[str, str], output: Path, errors: Path, directory: Path | None
) -> None:
    """In the new process, with a session of its own; both files grow."""
    from ops.cli import main

    os.setsid()
    if directory is not None:
        os.chdir(directory)
    os.environ.clear()
    os.environ.update(values)
    for number, path in ((1, output), (2, errors)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["techhub-cdc", *arguments]
    main()


class Forked:
    """What tests need of `subprocess.Popen`."""

    def __init__(
        self,
        arguments: Sequence[str],
        values: Mapping[str, str],
        output: Path,
        errors: Path,
        directory: Path | None = None,
    ) -> None:
        what = (arguments, dict(values), output, errors, directory)
        self.process = FORKS.Process(target=begin, args=what, daemon=True)
        self.process.start()
        assert self.process.pid is not None
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, seconds: float | None = None) -> int:
        self.process.join(seconds)
        code = self.process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(str(self.process), seconds or 0)
        return code

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()


def run(arguments: Sequence[str], values: Mapping[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Runs it to its end, and kills it when that takes too long."""
    with tempfile.TemporaryDirectory() as directory:
        output, errors = Path(directory) / "output", Path(directory) / "errors"
        process = Forked(arguments, values, output, errors)
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
        told = (path.read_text(encoding="utf-8") if path.exists() else "" for path in (output, errors))
        return subprocess.CompletedProcess(["techhub-cdc", *arguments], code, *told)
