"""ClickHouse's HTTP interface of the embedded stack alone, in a process and a directory of its own."""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.settings import Settings, load

STARTED_SECONDS = 60.0


@contextmanager
def clickhouse_server(directory: Path) -> Iterator[Settings]:
    """Settings of a server that runs inside the block; the database is not created."""
    password = secrets.token_urlsafe(16)
    password_file = directory / "password"
    password_file.write_text(password, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "deploy.local.clickhouse", "--directory", str(directory / "clickhouse")]
    with (directory / "clickhouse.log").open("wb") as log:
        server = subprocess.Popen([*command, "--port", str(port), "--password-file", str(password_file)], stderr=log)
    try:
        settings = load(
            "clickhouse_dsn",
            clickhouse_dsn=f"http://techhub:{password}@127.0.0.1:{port}",
            clickhouse_database="techhub",
            clickhouse_fsync=False,
            _env_file=None,
        )
        await_port(port, server, directory / "clickhouse.log")
        yield settings
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """The server listens when its engine is open."""
    deadline = time.monotonic() + STARTED_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError as error:
            if exits_within(server, 0.05) or time.monotonic() > deadline:
                raise AssertionError(f"clickhouse did not start: {error}; {log.read_text()[-2000:]}") from None


def exits_within(server: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
