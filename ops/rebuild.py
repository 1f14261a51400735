"""`techhub-cdc rebuild`: this version replays the log into a shadow database, which then takes the old one's place.

For when the meaning of rows changed. Old workers go on serving meanwhile; only for the switch itself they must have
ended. Every step finds out by itself what is there already, so an interrupted rebuild is simply run again.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from connectors.groups import members
from connectors.topics import ends
from ops.repair import repair
from ops.status import lagging, reachable
from ops.switch import Switch
from ops.target import settings_for
from ops.worker import WITHHELD
from schemas.contract import Contract, load_contract
from schemas.errors import Problem
from schemas.settings import Settings, environment
from sinks.clickhouse import connect
from sinks.migrate import migrate

PASS_SECONDS: Final = 120.0
STOP_SECONDS: Final = 20.0

Tell = Callable[[str], None]


def register(app: typer.Typer) -> None:
    app.command("rebuild", epilog="Example: techhub-cdc rebuild, and when it has ended: rebuild --drop-old")(command)


def command(
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Delete the old data of a rebuild that ended.")] = False,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for the old workers to end, and for the log to be replayed.", min=1)
    ] = 3600.0,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")] = None,
) -> None:
    """Replays the whole log beside the running workers, reconciles, and exchanges the tables. Safe to interrupt.

    The old data stays in <database>_rebuild until --drop-old.
    """
    settings = settings_for(name, "postgres_dsn", "kafka_bootstrap", "clickhouse_dsn")
    errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    with reachable():
        work = Rebuild(settings, load_contract(settings.contract), time.monotonic() + timeout, told_once(errors.print))
        done = work.drop_old() if drop_old else work.run()
    typer.echo(json.dumps(done, indent=2)) if as_json else print_done(done)


def told_once(say: Tell) -> Tell:
    """Progress lines, each only when it differs from the one before."""
    last = ""

    def tell(line: str) -> None:
        nonlocal last
        if line != last:
            last = line
            say(line)

    return tell


def print_done(done: dict[str, Any]) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False)
    if "dropped" in done:
        out.print(f"dropped {done['dropped']}")
        return
    out.print(f"{done['tables']} tables of {done['served']} are rebuilt; start the workers of this version")
    out.print(f"the old data is in {done['old_data']} until `techhub-cdc rebuild --drop-old`")


def shadow_of(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "clickhouse_database": f"{settings.clickhouse_database}_rebuild",
            "group": f"{settings.group}-rebuild",
            "worker_id": f"{settings.worker_id}-rebuild",
        }
    )


@dataclass(slots=True)
class Rebuild:
    settings: Settings
    contract: Contract
    deadline: float
    tell: Tell

    def run(self) -> dict[str, Any]:
        shadow = shadow_of(self.settings)
        with connect(self.settings, None) as client:
            switch = Switch(client, self.settings.clickhouse_database, shadow.clickhouse_database)
            if switch.under_way:
                self.tell("finishing a switch that was interrupted")
                self.nobody_works()
            elif switch.old_data_left:
                raise Problem(
                    f"database {switch.shadow} still holds the old data of the last rebuild: delete it with "
                    "`techhub-cdc rebuild --drop-old` first"
                )
            else:
                self.replay(shadow)
            self.tell("exchanging the tables")
            tables = switch.run()
        migrate(self.settings)
        return {"served": switch.served, "old_data": switch.shadow, "tables": tables}

    def drop_old(self) -> dict[str, Any]:
        with connect(self.settings, None) as client:
            switch = Switch(client, self.settings.clickhouse_database, shadow_of(self.settings).clickhouse_database)
            switch.drop_old()
        return {"dropped": switch.shadow}

    def replay(self, shadow: Settings) -> None:
        """A worker of this version fills the shadow, until it is exact and the old workers have ended."""
        if working := members(shadow, shadow.group):
            raise Problem(f"a worker of a rebuild is running already: {', '.join(working)}; wait for it, or end it")
        migrate(shadow)
        with worker(shadow) as process:
            self.wait(lambda: self.caught_up(shadow, process), "the log is replayed")
            self.tell("comparing the rebuilt tables with PostgreSQL")
            if not repair(shadow, self.contract, None, PASS_SECONDS, self.tell).exact:
                raise Problem("the rebuilt tables differ from PostgreSQL; the old ones are still served")
            self.wait(self.no_old_worker, "the old workers have ended")
            self.wait(lambda: self.caught_up(shadow, process), "the last changes are replayed")

    def caught_up(self, shadow: Settings, process: "subprocess.Popen[bytes]") -> bool:
        if process.poll() is not None:
            raise Problem(f"the worker of the rebuild ended with {process.returncode}; the lines above say why")
        topics = [self.contract.topic(shadow.topic_prefix, table) for table in self.contract.tables]
        log = ends(shadow, topics)
        with connect(shadow) as client:
            marks = list(client.query("SELECT topic, partition, next_offset FROM watermarks FINAL").named_results())
            unseen = int(client.query("SELECT count() FROM v_freshness WHERE seen_until IS NULL").result_rows[0][0])
        left, total = sum(part["lag"] for part in lagging(marks, log)), sum(log.values())
        self.tell(f"replayed {(total - left) / max(total, 1):.0%} of {total:,} changes")
        return left == 0 and unseen == 0

    def no_old_worker(self) -> bool:
        working = members(self.settings, self.settings.group)
        if working:
            self.tell(f"rebuilt and exact. Stop the old workers now (SIGTERM): {', '.join(working)}")
        return not working

    def nobody_works(self) -> None:
        if working := members(self.settings, self.settings.group):
            raise Problem(f"stop the workers first (SIGTERM): {', '.join(working)}")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        while not condition():
            if time.monotonic() > self.deadline:
                raise Problem(f"not in time: {what}; run techhub-cdc rebuild again, it goes on where it is")
            time.sleep(0.5)


@contextmanager
def worker(shadow: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """One worker process on the shadow; at the end it writes what it has read."""
    values = {key: value for key, value in environment(shadow).items() if key not in WITHHELD}
    process = subprocess.Popen([sys.executable, "-m", "streams.agents.process"], env=values, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise Problem(f"the worker of the rebuild ended with {process.returncode}; run techhub-cdc rebuild again")
