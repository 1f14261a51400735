"""`techhub-cdc serve` as it is called: what it refuses, and that it ends when it is told to."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.patience import SECONDS

NOWHERE = "http://user:secret-of-clickhouse@127.0.0.1:9"


def command(directory: Path, *arguments: str, **changes: str) -> tuple[list[str], dict[str, str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TECHHUB_")}
    given = {"clickhouse_dsn": NOWHERE, "serve_port": "0", **changes}
    values = {f"TECHHUB_{name.upper()}": value for name, value in given.items() if value}
    root = str(Path(__file__).parents[2])
    return [sys.executable, "-m", "ops", "serve", *arguments], {**kept, **values, "PYTHONPATH": root}


def serve(directory: Path, *arguments: str, **changes: str) -> tuple[int, str]:
    """Exit code and what it said; nothing but an error may come of it."""
    called, values = command(directory, *arguments, **changes)
    done = subprocess.run(
        called, env=values, cwd=directory, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    text = done.stdout + done.stderr
    assert "Traceback" not in text and "secret-of-clickhouse" not in text
    return done.returncode, text


def test_an_open_address_without_a_token_is_a_wrong_call(tmp_path: Path) -> None:
    code, text = serve(tmp_path, "--host", "0.0.0.0")
    assert code == 2 and "TECHHUB_SERVE_TOKEN" in text


def test_a_label_file_that_cannot_be_read_is_a_wrong_call(tmp_path: Path) -> None:
    code, text = serve(tmp_path, labels=str(tmp_path / "nothing.yaml"))
    assert code == 2 and "nothing.yaml" in text


def test_a_port_that_is_taken_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, text = serve(tmp_path, "--port", str(taken.getsockname()[1]))
    assert code == 3 and "TECHHUB_SERVE_PORT" in text


def test_it_ends_when_it_is_told_to_though_somebody_watches(tmp_path: Path) -> None:
    called, values = command(tmp_path)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(called, env=values, cwd=tmp_path, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + SECONDS
        while not (found := re.search(r"^live page: (\S+)$", log.read_text(), re.MULTILINE)):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        with requests.get(f"{found[1]}stream/rooms", stream=True, timeout=SECONDS) as watching:
            assert watching.status_code == 200
            assert next(watching.iter_lines()).startswith(b"data: ")
            process.terminate()
            assert process.wait(SECONDS) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    text = log.read_text()
    assert "Traceback" not in text and "secret-of-clickhouse" not in text
