"""`techhub-cdc serve`: the live page."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Annotated, Final

import typer
from aiohttp import web

from dashboard.app import application
from dashboard.guard import Guard, is_loopback
from dashboard.labels import LabelsError, load_labels
from dashboard.metrics import add_metrics
from dashboard.poller import Poller
from dashboard.reader import Reader, Reads
from dashboard.shell import Shell
from ops.target import settings_for
from schemas.errors import Unreachable, Usage
from schemas.lifecycles import load_lifecycles
from schemas.settings import Settings
from sinks.catalogue import load_catalogue

SEND_BUFFER: Final = 64 * 1024
"""Bytes in the kernel for one viewer: who reads nothing is noticed after these."""
DEAD_SECONDS: Final = 30
"""After which a peer that acknowledges nothing is given up."""
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def register(app: typer.Typer) -> None:
    app.command("serve", epilog="Example: techhub-cdc serve --name demo")(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: TECHHUB_SERVE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port, 0 for a free one; default: TECHHUB_SERVE_PORT.")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy in front asks people in: no token is wanted.")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")] = None,
) -> None:
    """Serves the live page until SIGTERM or Ctrl-C. It only reads ClickHouse."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    settings = settings_for(name, "clickhouse_dsn")
    given = {"serve_host": host, "serve_port": port, "serve_behind_proxy": behind_proxy or None}
    settings = settings.model_copy(update={key: value for key, value in given.items() if value is not None})
    try:
        load_labels(settings.labels)
    except LabelsError as error:
        raise Usage(str(error)) from None
    guard = guard_for(settings)
    listening = listen(settings)
    asyncio.run(run(settings, guard, listening, lambda address: typer.echo(f"live page: {address}")))


def guard_for(settings: Settings) -> Guard:
    """Refuses an address that others reach, unless somebody asks people in."""
    token = settings.serve_token.get_secret_value() if settings.serve_token else ""
    if not is_loopback(settings.serve_host) and not token and not settings.serve_behind_proxy:
        raise Usage(
            f"serve on {settings.serve_host}: others could read the figures; set TECHHUB_SERVE_TOKEN, or say "
            "--behind-proxy when a proxy in front asks people in"
        )
    named = [host.strip().lower() for host in (settings.serve_hosts or "").split(",") if host.strip()]
    return Guard(frozenset((*LOOPBACK, settings.serve_host.lower(), *named)), token)


def listen(settings: Settings) -> socket.socket:
    """Bound before anything else starts; the settings of the sockets of viewers are inherited from it."""
    family = socket.AF_INET6 if ":" in settings.serve_host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_SECONDS * 1000)
    try:
        listening.bind((settings.serve_host, settings.serve_port))
    except OSError as error:
        listening.close()
        raise Unreachable(
            f"serve on {settings.serve_host} port {settings.serve_port}: {error.strerror or error}; "
            "choose another with TECHHUB_SERVE_PORT"
        ) from None
    return listening


def page(settings: Settings, guard: Guard, reads: Reads) -> web.Application:
    """The application over what it reads with."""
    catalogue = load_catalogue()
    shell = Shell(catalogue, load_lifecycles(), zone=settings.timezone, admin_url=settings.admin_url)
    app = application(
        Poller(reads, catalogue), shell, catalogue, guard, labels=settings.labels, viewers=settings.serve_viewers
    )
    add_metrics(app, settings, catalogue)
    return app


async def started_on(app: web.Application, listening: socket.socket) -> web.AppRunner:
    """Serves until the runner is cleaned up."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    await web.SockSite(runner, listening, backlog=256).start()
    return runner


async def run(settings: Settings, guard: Guard, listening: socket.socket, started: Callable[[str], None]) -> None:
    reader = Reader(settings)
    app = page(settings, guard, reader)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = await started_on(app, listening)
    try:
        started(address_of(listening))
        await stop.wait()
    finally:
        await runner.cleanup()
        await reader.close()


def address_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
