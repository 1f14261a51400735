"""`techhub-cdc worker`: runs a worker process and starts it again when it dies.

Exit codes of the process decide: 0 it was told to stop; 75 the contract was replaced, it starts again at once; 78
starting again would not help (a limit, wrong settings); anything else is a surprise and is answered with a new process,
after a pause that grows while surprises follow fast.
Beside it the guardian looks at the source, where that can be reached.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Annotated, Final

import typer

from connectors.errors import ConnectorsError
from connectors.groups import members
from ops.guardian import guardian
from ops.target import settings_for
from schemas.contract import Contract, load_contract
from schemas.errors import Problem
from schemas.settings import PREFIX, Settings, environment
from streams.plan import derivation, plans

log = logging.getLogger("techhub.supervisor")

WORKER: Final = ("-m", "streams.agents.process")
RENEWED: Final = 75
LIMIT: Final = 78
SESSION_SECONDS: Final = 20.0
"""A worker that has ended stays a member of its group until its session is over."""
STOP_SECONDS: Final = 15.0
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
"""Short enough that figures are fresh again within half a minute, however often it died before."""
STEADY_SECONDS: Final = 60.0
"""A process that lived this long starts the pauses anew."""


WITHHELD: Final = frozenset(
    f"{PREFIX}{name}{suffix}" for name in ("POSTGRES_DSN", "CONNECTOR_PASSWORD") for suffix in ("", "_FILE")
)
"""What the worker process has no use for: it reads Kafka and writes ClickHouse."""


def register(app: typer.Typer) -> None:
    app.command("worker", epilog="Example: techhub-cdc worker --name default")(worker)


def worker(
    name: Annotated[str | None, typer.Option(help="An embedded stack; default: the settings.")] = None,
    worker_id: Annotated[str | None, typer.Option(help="This worker's slot; one live process each.")] = None,
) -> None:
    """Reads the changes from Kafka and keeps ClickHouse up to date, until SIGTERM or Ctrl-C."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr, force=True
    )
    settings = settings_for(name, "kafka_bootstrap", "clickhouse_dsn")
    values = {key: value for key, value in environment(settings).items() if key not in WITHHELD}
    if worker_id is not None:
        values["TECHHUB_WORKER_ID"] = worker_id
    contract = load_contract(settings.contract)
    of_one_derivation(settings, contract)
    watcher = guardian(settings, contract)
    if watcher is not None:
        watcher.start()

    def renewed() -> None:
        if watcher is not None:
            watcher.contract = load_contract(settings.contract)

    code = Supervisor(values, renewed=renewed).run()
    if code == LIMIT:
        raise Problem("the worker stopped at a limit and is not started again; the line above says why and what to do")
    raise typer.Exit(code)


def of_one_derivation(settings: Settings, contract: Contract) -> None:
    """Old and new workers at once would take partitions from each other and write rows of two meanings."""
    mine = derivation(plans(contract, settings))
    deadline = time.monotonic() + SESSION_SECONDS
    while others := [name for name in group(settings) if "~" in name and name.rpartition("~")[2] != mine]:
        if time.monotonic() > deadline:
            raise Problem(
                f"workers of another derivation are running: {', '.join(others)}; stop them first (SIGTERM), so that "
                "they drain, then start this one; where the meaning of rows changed, run techhub-cdc rebuild"
            )
        time.sleep(0.5)


def group(settings: Settings) -> tuple[str, ...]:
    """Empty while Kafka is away: the worker process waits for it."""
    try:
        return members(settings, settings.group)
    except ConnectorsError as error:
        log.warning("it is not known who else works: %s", error)
        return ()


class Supervisor:
    """One child at a time; signals are passed on to it. `renewed` is called before a child with a new contract."""

    def __init__(
        self,
        environment: dict[str, str],
        program: Sequence[str] = WORKER,
        renewed: Callable[[], None] = lambda: None,
    ) -> None:
        self.environment = environment
        self.program = program
        self.renewed = renewed
        self.child: subprocess.Popen[bytes] | None = None
        self.stopping = False
        self.restarts = 0

    def run(self) -> int:
        pause = FIRST_PAUSE
        with self.signals():
            while True:
                began = time.monotonic()
                code = self.once()
                if self.stopping or code in (0, LIMIT):
                    return LIMIT if code == LIMIT else 0
                if code == RENEWED:
                    self.renewed()
                    continue
                if time.monotonic() - began > STEADY_SECONDS:
                    pause = FIRST_PAUSE
                log.error("the worker process ended with %s; starting it again in %.1f s", meaning(code), pause)
                until = time.monotonic() + pause
                while time.monotonic() < until:
                    if self.stopping:
                        return 0
                    time.sleep(0.1)
                pause = min(2 * pause, LONGEST_PAUSE)
                self.restarts += 1

    def once(self) -> int:
        command = [sys.executable, *self.program, "--restarts", str(self.restarts)]
        self.child = subprocess.Popen(command, env=self.environment, start_new_session=True)
        return self.child.wait()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        signal.signal(signal.SIGALRM, self.kill)
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)
            signal.alarm(0)

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            signal.alarm(int(STOP_SECONDS))

    def kill(self, number: int, frame: FrameType | None) -> None:
        """It had its time; what it did not flush is read again."""
        if self.child is not None and self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGKILL)


def meaning(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
