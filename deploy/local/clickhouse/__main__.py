"""python -m deploy.local.clickhouse --directory D --port P --user U --password-file F

Serves until SIGTERM or SIGINT, then lets running statements finish and exits 0. Exit 3: directory or port is in use.
"""

import argparse
import asyncio
import fcntl
import ipaddress
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TextIO

from aiohttp import web

from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.server import Account, application
from schemas.errors import CommandError, Unreachable, Usage

STOP_SECONDS = 10.0


def main() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    try:
        serve(arguments())
    except CommandError as error:
        sys.stderr.write(f"error {error}\n")
        sys.exit(error.exit_code)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.clickhouse", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the tables live")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", default="techhub")
    parser.add_argument("--password-file", type=Path, required=True)
    return parser.parse_args()


def serve(chosen: argparse.Namespace) -> None:
    loopback(chosen.host)
    try:
        password = chosen.password_file.read_text(encoding="utf-8").strip()
        chosen.directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"{error.filename}: {error.strerror}") from None
    if not password:
        raise Usage(f"{chosen.password_file} is empty: expected the password")
    lock = hold(chosen.directory)
    engine = Engine(chosen.directory / "data")
    try:
        asyncio.run(listen(engine, Account(chosen.user, password), chosen.host, chosen.port))
    finally:
        engine.close()
        lock.close()


def loopback(host: str) -> None:
    try:
        safe = ipaddress.ip_address(host).is_loopback
    except ValueError:
        safe = False
    if not safe:
        raise Usage(f"host {host}: expected a loopback address such as 127.0.0.1; this interface is not for a network")


def hold(directory: Path) -> TextIO:
    """Locks the directory; the engine itself only says Code 36 when another process has it."""
    file = (directory / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise Unreachable(f"{directory} is in use by pid {owner}: stop that process first") from None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


async def listen(engine: Engine, account: Account, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # bodies are unpacked by ourselves, with a bound
    runner = web.AppRunner(
        application(engine, account), auto_decompress=False, access_log=None, shutdown_timeout=STOP_SECONDS
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise Unreachable(f"port {port} on {host} cannot be used: {error.strerror}") from None
    logging.info("serving on http://%s:%d", host, port)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
