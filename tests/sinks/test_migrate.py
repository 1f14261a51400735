"""migrate brings any database to this version: a new one, an old one, one left half-way, one that two work on."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner

from ops import migrate as command
from schemas.contract import load_contract
from schemas.errors import Problem, Unreachable
from schemas.settings import Settings
from sinks.clickhouse import SinkUnavailable, connect
from sinks.migrate import Existing, inspect, migrate, plan
from sinks.migration import MigrationError, load_migrations
from sinks.mirror import mirror_columns
from sinks.view import VIEWS
from tests.clickhouse_server import free_port

MIGRATIONS = load_migrations("")


def found(settings: Settings) -> Existing:
    with connect(settings, None) as client:
        return inspect(client, settings.clickhouse_database)


def planned(settings: Settings, **existing: Any) -> None:
    plan(settings, Existing(exists=True, **existing), MIGRATIONS, load_contract(), [])


def test_a_new_database_gets_everything_and_a_second_run_nothing(settings: Settings) -> None:
    kinds = [step.kind for step in migrate(settings).steps]
    assert kinds[:3] == ["database", "table", "migration"]
    assert migrate(settings).steps == ()
    existing = found(settings)
    assert {"requests", "watermarks", "service_servicerequest", "v_dq"} <= existing.columns.keys()
    assert existing.applied[1] == ("0001_derived", MIGRATIONS[0].checksum)


def test_mirrors_are_as_declared(migrated: Settings) -> None:
    existing = found(migrated)
    for name, table in load_contract().tables.items():
        assert existing.columns[name] == mirror_columns(table)


def test_tables_are_made_durable_by_default(settings: Settings) -> None:
    settings = settings.model_copy(update={"clickhouse_fsync": True})
    migrate(settings)
    with connect(settings) as client:
        assert client.query("SELECT 1 FROM v_requests_open").result_rows == []
        tables = client.query(
            "SELECT name, create_table_query FROM system.tables "
            "WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        ).result_rows
    volatile = {name for name, statement in tables if "fsync_after_insert = 1" not in statement}
    assert volatile == {"schema_migrations", "worker_events"}


def test_a_dry_run_tells_everything_and_changes_nothing(settings: Settings) -> None:
    told = migrate(settings, dry_run=True)
    assert not found(settings).exists
    assert told.steps == migrate(settings).steps


def test_a_migration_that_was_interrupted_is_run_again(settings: Settings) -> None:
    with connect(settings, None) as client:
        client.command(f"CREATE DATABASE {settings.clickhouse_database}")
    with connect(settings) as client:
        for statement in MIGRATIONS[0].statements[:5]:
            client.command(statement)
    assert "requests" in found(settings).columns
    migrate(settings)
    assert 1 in found(settings).applied
    assert migrate(settings).steps == ()


def test_two_at_once_lead_to_the_same_database(settings: Settings) -> None:
    together = Barrier(2)

    def one(_: int) -> None:
        together.wait(30)
        migrate(settings)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(2)))
    assert migrate(settings).steps == ()
    with connect(settings) as client:
        assert client.query("SELECT count() FROM schema_migrations FINAL").result_rows == [(len(MIGRATIONS),)]
        assert client.query("SELECT count() FROM system.tables WHERE name LIKE '%tmp_replace%'").result_rows == [(0,)]


def test_a_view_whose_text_changed_is_replaced_and_no_other(migrated: Settings) -> None:
    other = migrated.model_copy(update={"timezone": "Asia/Tokyo"})
    replaced = {step.name: step.action for step in migrate(other).steps}
    daily = [path.stem for path in VIEWS.glob("*.sql") if "$timezone" in path.read_text(encoding="utf-8")]
    assert {"v_request_funnel_daily", "v_content_publications_daily"} < set(daily)
    assert replaced == dict.fromkeys(daily, "replaced")
    assert {step.name for step in migrate(migrated).steps} == set(daily), "and back again"


def test_a_dropped_view_comes_back(migrated: Settings) -> None:
    with connect(migrated) as client:
        client.command("DROP VIEW v_activity")
    assert [(step.name, step.action) for step in migrate(migrated).steps] == [("v_activity", "created")]


def test_a_column_that_the_contract_gains_is_added_and_rows_stay(settings: Settings, tmp_path: Path) -> None:
    migrate(settings)
    with connect(settings) as client:
        client.insert("booking_room", [[1, "One", 1]], column_names=["id", "name", "_version"])
    gained = tmp_path / "contract.yaml"
    text = Path(settings.contract).read_text(encoding="utf-8")
    gained.write_text(text.replace("capacity: {", "floor: int32\n      capacity: {"), encoding="utf-8")
    steps = migrate(settings.model_copy(update={"contract": gained})).steps
    assert [(step.kind, step.name, step.action) for step in steps] == [("mirror", "booking_room", "column floor added")]
    with connect(settings) as client:
        assert client.query("SELECT id, name, floor FROM booking_room FINAL").result_rows == [(1, "One", None)]
    warned = migrate(settings).warnings
    assert [line.split(":")[0] for line in warned] == ["booking_room.floor"]


def test_a_changed_migration_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(MigrationError, match="migration 0001_derived was changed after it had been applied"):
        planned(settings, applied={1: ("0001_derived", "another")})


def test_a_database_that_is_newer_is_refused(settings: Settings) -> None:
    with pytest.raises(MigrationError, match=r"0999_future is applied but unknown here.*upgrade"):
        planned(settings, applied={999: ("0999_future", "")})


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"0001_a": "CREATE TABLE a (x Int8)", "0001_b": "SELECT"}, "0001_b: 'SELECT' cannot run twice"),
        ({"0001_a": "RENAME TABLE a TO b"}, "cannot run twice"),
        ({"0001_a": "ALTER TABLE a ADD COLUMN b Int8"}, "cannot run twice"),
        ({"1_a": "CREATE TABLE a (x Int8)"}, "expected a name like 0002_what_it_does.sql"),
        ({"0001_a": "DROP TABLE IF EXISTS a", "0001_b": "DROP TABLE IF EXISTS b"}, "have one number"),
        ({"0001_a": "CREATE TABLE a (x Int8) $where"}, r"unknown placeholder \$where, expected one of storage"),
    ],
)
def test_a_migration_that_cannot_be_trusted_is_refused(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    for name, text in files.items():
        (tmp_path / f"{name}.sql").write_text(text, encoding="utf-8")
    with pytest.raises(MigrationError, match=reason):
        load_migrations("", tmp_path)


def test_a_clickhouse_that_is_away_is_said_so(settings: Settings) -> None:
    away = settings.model_copy(update={"clickhouse_dsn": SecretStr(f"http://x:y@127.0.0.1:{free_port()}")})
    with pytest.raises(SinkUnavailable):
        migrate(away)


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`run(*arguments)` calls the command on the test's database."""
    app = typer.Typer()
    app.callback()(lambda: None)
    command.register(app)
    dsn = settings.clickhouse_dsn
    assert dsn is not None
    monkeypatch.setenv("TECHHUB_CLICKHOUSE_DSN", dsn.get_secret_value())
    monkeypatch.setenv("TECHHUB_CLICKHOUSE_DATABASE", settings.clickhouse_database)
    return lambda *arguments: CliRunner().invoke(app, ["migrate", *arguments])


def test_the_command_prints_a_line_for_each_step(run: Any, settings: Settings) -> None:
    told = run("--dry-run").output
    assert f"CREATE DATABASE IF NOT EXISTS `{settings.clickhouse_database}`;" in told
    lines = run().output.splitlines()
    assert lines[0] == f"database {settings.clickhouse_database}: created"
    assert "mirror booking_room: created" in lines
    assert run().output == f"database {settings.clickhouse_database}: up to date\n"
    assert json.loads(run("--json").output) == {
        "database": settings.clickhouse_database, "dry_run": False, "steps": [], "warnings": [],
    }  # fmt: skip


def test_the_command_ends_with_the_error_of_its_exit_code(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHHUB_CLICKHOUSE_DSN", f"http://x:y@127.0.0.1:{free_port()}")
    away = run().exception
    assert isinstance(away, Unreachable)
    assert len(str(away).splitlines()) == 1


def test_the_command_names_what_stands_in_the_way(run: Any, settings: Settings) -> None:
    run()
    with connect(settings) as client:
        client.command("ALTER TABLE booking_room MODIFY COLUMN capacity Nullable(Int64)")
    problem = run().exception
    assert isinstance(problem, Problem)
    assert "booking_room.capacity: is Nullable(Int64) in ClickHouse, Nullable(Int32) by the contract" in str(problem)
