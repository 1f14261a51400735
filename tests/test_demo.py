"""The demo as a newcomer runs it: from nothing to an exact reconciliation, and gone without a trace."""

import subprocess
import sys
import time
from pathlib import Path

import psutil

from deploy.local import state
from deploy.local.stack import Stack
from schemas.settings import environment, load
from tests.pipeline.pipeline import terminate_group

DEADLINE = 300.0


def test_the_demo_ends_exact_and_leaves_no_process_behind(tmp_path: Path) -> None:
    values = environment(load()) | {"TECHHUB_LOCAL_DIRECTORY": str(tmp_path)}
    command = [sys.executable, "-m", "ops", "demo", "--seconds", "5", "--scale", "0.005"]
    output = tmp_path / "output"
    with output.open("wb") as target:
        process = subprocess.Popen(command, env=values, stdout=target, stderr=target, start_new_session=True)
    try:
        seen = processes_until_end(process, tmp_path / "demo")
    finally:
        terminate_group(process)
        if process.returncode != 0:
            Stack(tmp_path).down("demo", purge=True)
    text = output.read_text(encoding="utf-8")
    assert process.returncode == 0, text
    assert "exact after" in text and "not exact" not in text and "Traceback" not in text
    assert len(seen) >= 7, "the four parts, the supervisor, the worker and the live page were seen"
    assert "live page: http://127.0.0.1:" in text
    left = [each for each in seen if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert left == []
    assert not (tmp_path / "demo").exists()


def processes_until_end(process: subprocess.Popen[bytes], stack: Path) -> set[psutil.Process]:
    """Everything that belonged to it while it ran: children of children, and the stack's own."""
    seen: set[psutil.Process] = set()
    demo, deadline = psutil.Process(process.pid), time.monotonic() + DEADLINE
    while process.poll() is None:
        assert time.monotonic() < deadline, f"the demo did not end in {DEADLINE:.0f} s"
        known = state.load(stack)
        for running in known.running.values() if known else ():
            if psutil.pid_exists(running.pid):
                seen |= {psutil.Process(running.pid)}
        try:
            seen |= {
                child for child in demo.children(recursive=True) if "ops" in child.cmdline() or "-m" in child.cmdline()
            }
            process.wait(0.3)
        except (psutil.NoSuchProcess, subprocess.TimeoutExpired):
            continue
    return seen
