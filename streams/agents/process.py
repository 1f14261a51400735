"""One worker process: the app inside our own event loop, with our own signals, logging and exit codes.

Exit codes: 0 after SIGTERM or SIGINT, 70 after a surprise (start again), 75 when the contract was replaced (start
again, at once), 78 at a limit (an operator has to act).
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from typing import Any, Final

from schemas.contract import ContractError
from schemas.settings import SettingsError
from streams.agents.app import WorkerApp, default_app
from streams.agents.endpoint import Endpoint
from streams.agents.exits import LIMIT, RENEWED, SURPRISE, guarded, leave
from streams.agents.health import Health
from streams.agents.renewal import contract_replaced
from streams.agents.telemetry import registry_of
from streams.agents.watchdog import Watchdog

log = logging.getLogger("techhub.worker")
FLUSH_SECONDS: Final = 8.0
STOP_SECONDS: Final = 5.0
GARBAGE_THRESHOLDS: Final = (100_000, 20, 100)
"""State is many small tuples without cycles: at Python's thresholds, looking through them takes a fifth of the CPU."""


class Seldom(logging.Filter):
    """aiokafka repeats dozens of lines a second while a broker is away: one of a kind in ten seconds is enough."""

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place = (record.name, record.lineno)
        if record.created - self.last.get(place, 0.0) < 10:
            return False
        self.last[place] = record.created
        return True


def configure_logging() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr, force=True
    )
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.ERROR)
    seldom = Seldom()
    for handler in logging.getLogger().handlers:
        handler.addFilter(
            lambda record: not record.name.startswith(("aiokafka", "faust", "mode")) or seldom.filter(record)
        )


async def watch(app: WorkerApp, restarts: int) -> None:
    """Metrics, health and the watchdog; over HTTP where a port is set."""
    settings = app.engine.settings
    health = Health(app.engine, settings.stall_seconds)
    registry = registry_of(app.engine, health, restarts)
    if settings.metrics_port is not None:
        app.engine.background.spawn(Endpoint(settings, registry, health).start())
    app.engine.background.spawn(Watchdog(health).run())


async def serve(restarts: int) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app: Any = default_app()
    await watch(app, restarts)
    app.finalize()
    app.in_worker = True
    starting = asyncio.ensure_future(app.start())
    stopped = asyncio.ensure_future(stop.wait())
    crashed = asyncio.ensure_future(app._crashed.wait())
    renewed = asyncio.ensure_future(guarded(contract_replaced(app.engine.settings, app.contract)))
    await asyncio.wait({starting, stopped, crashed}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and (error := starting.exception()) is not None:
        log.critical("cannot start, is Kafka away? %r", error)
        leave(SURPRISE)
    await asyncio.wait({stopped, crashed, renewed}, return_when=asyncio.FIRST_COMPLETED)
    if crashed.done():
        log.critical("Faust crashed: %r", app.crash_reason)
        leave(SURPRISE)
    await app.engine.close(FLUSH_SECONDS)
    try:
        await asyncio.wait_for(app.stop(), STOP_SECONDS)
    except TimeoutError:
        log.warning("Faust did not stop in %.0f s", STOP_SECONDS)
    log.info("stopped")
    leave(RENEWED if renewed.done() and not stop.is_set() else 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--restarts", type=int, default=0, help="processes before this one that died")
    return parser.parse_args()


def main() -> None:
    configure_logging()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    try:
        asyncio.run(serve(arguments().restarts))
    except (SettingsError, ContractError) as error:
        for line in str(error).splitlines():
            log.error("%s", line)
        leave(LIMIT)


if __name__ == "__main__":
    main()
