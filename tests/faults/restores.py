"""ClickHouse restored from an older backup, its disk full; company that a worker or a connector should not have."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from connectors.apply import apply
from connectors.errors import ConnectorsError
from connectors.rest import Connect
from deploy.local import processes
from streams.entities import ENTITIES
from tests.faults.scenario import Run, Scenario
from tests.faults.watch import MEGABYTE
from tests.pipeline.pipeline import Pipeline, Worker, until

MARKS: Final = ("watermarks", "seen_until")
TABLES: Final = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"


# -- an older backup --------------------------------------------------------------------------------------------------


def restored(run: Run, without: Sequence[str] = ()) -> None:
    """A backup made under load, in the documented order; later the tables are what they were then."""
    pipeline = run.pipeline
    names = [name for (name,) in pipeline.query(TABLES) if name not in ("migrations", "schema_migrations")]
    rows = {*pipeline.contract.tables, *ENTITIES}
    tables = sorted(names, key=lambda name: (name not in MARKS, name not in rows, name))
    with run.load():
        run.pause(2.0, 4.0)
        copy(pipeline, tables, "", "_backup")
        run.pause(2.0, 4.0)
        pipeline.worker.stop()
        if not without:
            empty(pipeline, MARKS)
        copy(pipeline, [name for name in reversed(tables) if name not in without], "_backup", "")
        run.inject(f"restored from a backup{' without watermarks' if without else ''}")
        pipeline.worker.start()
        if without:
            torn(run)
        run.recovered()
    pipeline.sink.command(f"DROP DATABASE `{pipeline.settings.clickhouse_database}_backup`")


def torn(run: Run) -> None:
    """Claims that are newer than their rows are not honest: the tables say so until they are found exact."""
    pipeline = run.pipeline
    marked = "SELECT count() FROM resync_required FINAL WHERE resolved_at IS NULL"
    until(lambda: pipeline.value(marked) > 0, "the tables are in RESYNC_REQUIRED")
    done = pipeline.command("reconcile", "--repair")
    assert done.returncode == 0, done.stdout + done.stderr
    run.watch.claims.clear()


def empty(pipeline: Pipeline, tables: Sequence[str]) -> None:
    for table in tables:
        pipeline.sink.command(f"TRUNCATE TABLE `{pipeline.settings.clickhouse_database}`.`{table}`")


def copy(pipeline: Pipeline, tables: Sequence[str], source: str, target: str) -> None:
    name = pipeline.settings.clickhouse_database
    if target:
        pipeline.sink.command(f"CREATE DATABASE `{name}{target}`")
    for table in tables:
        if target:
            pipeline.sink.command(f"CREATE TABLE `{name}{target}`.`{table}` AS `{name}`.`{table}`")
        else:
            pipeline.sink.command(f"TRUNCATE TABLE `{name}`.`{table}`")
        pipeline.sink.command(f"INSERT INTO `{name}{target}`.`{table}` SELECT * FROM `{name}{source}`.`{table}`")


# -- a full disk ------------------------------------------------------------------------------------------------------


def disk_full(run: Run) -> None:
    pipeline = run.pipeline
    with small_disk(pipeline) as disk:
        worker, began = pipeline.worker, pipeline.worker.child().pid
        with run.load():
            for _ in range(run.times):
                run.pause(2.0, 4.0)
                refused, back = worker.said("does not take rows"), worker.said("takes rows again")
                run.inject("disk full")
                until(partial(refused_on, disk, worker, refused), "the worker says that rows are refused")
                run.pause(5.0)
                (disk / "filler").unlink()
                until(lambda n=back: worker.said("takes rows again") > n, "the worker says that rows are taken again")  # type: ignore[misc]
                run.recovered()
        assert worker.child().pid == began, "the worker waited, it was not started again"


def refused_on(disk: Path, worker: Worker, before: int) -> bool:
    """Fills it again and again: what merges give back is taken, too."""
    fill(disk)
    return worker.said("does not take rows") > before


def fill(disk: Path) -> None:
    with (disk / "filler").open("ab") as file, suppress(OSError):
        while True:
            file.write(b"\0" * MEGABYTE)
            file.flush()


@contextmanager
def small_disk(pipeline: Pipeline) -> Iterator[Path]:
    """ClickHouse's files on a tmpfs of their own for a while; needs the right to mount."""
    folder = pipeline.stack.directory / "clickhouse"
    aside = folder.with_name("clickhouse.aside")
    processes.stop(pipeline.running("clickhouse"), 30)
    used = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    folder.rename(aside)
    folder.mkdir(0o700)
    try:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={used + 300 * MEGABYTE},mode=700", "tmpfs", str(folder)]
        subprocess.run(mount, check=True, capture_output=True)
        moved(aside, folder)
        pipeline.restore()
        yield folder
        processes.stop(pipeline.running("clickhouse"), 30)
        moved(folder, aside)
    finally:
        processes.stop(pipeline.running("clickhouse"), 30)
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
        shutil.rmtree(folder)
        aside.rename(folder)
        pipeline.restore()


def moved(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


# -- company ----------------------------------------------------------------------------------------------------------


def twice(run: Run) -> None:
    """A second live worker with the same id is refused; a second group shares the tables; a slot has one reader."""
    pipeline = run.pipeline
    with run.load():
        with run.beside(0) as same:
            same.start()
            workers = (pipeline.worker, same)
            until(
                lambda: any(w.process is not None and w.process.poll() == 1 for w in workers), "one of them gives way"
            )
            run.inject("second worker with the same id")
            assert any(worker.said("another live worker uses the id") for worker in workers)
            same.end()
            pipeline.worker.end()
            pipeline.worker.start()
            run.recovered()
        with run.beside(1) as other:
            other.settings = other.settings.model_copy(update={"group": f"{pipeline.settings.group}-other"})
            other.start()
            until(lambda: other.said("from their watermarks") > 0, "the second group reads, too")
            run.inject("second group on one ClickHouse")
            run.pause(3.0)
            run.recovered()
            assert other.stop()[0] == 0
        second_connector(run)
        run.recovered()


def second_connector(run: Run) -> None:
    settings = run.pipeline.settings.model_copy(update={"connector_name": f"{run.pipeline.settings.connector_name}2"})
    assert settings.connect_url is not None
    try:
        apply(settings, run.pipeline.contract, lambda _: None, deadline_seconds=30)
    except ConnectorsError as error:
        run.inject("second connector on the slot")
        print(f"refused: {error}")
    else:
        raise AssertionError("a second connector on the same slot was accepted")
    finally:
        with Connect(settings.connect_url, settings.connector_name) as connect:
            if connect.config() is not None:
                connect.delete()


SCENARIOS: Final = (
    Scenario("F09 full", "disk of ClickHouse full, then freed", "I1-I7, the worker waits", disk_full, times=3),
    Scenario("F20", "two workers of one id, two groups, two connectors on one slot", "refused or shared, I1-I7", twice),
    Scenario("F21", "ClickHouse restored from an older backup", "I1-I7: the log is read again from there", restored),
    Scenario("F21 torn", "restored without its watermarks, which are newer", "I1-I7 or loud",
             partial(restored, without=MARKS), own=True),
)  # fmt: skip
