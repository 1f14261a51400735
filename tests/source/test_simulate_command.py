"""`techhub-cdc simulate` as a user meets it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from deploy.local.source import install

COMMAND = """
import sys, typer
from schemas.errors import CommandError
from ops.simulate import register
from schemas.settings import SettingsError
app = typer.Typer()
register(app)
try:
    app(standalone_mode=False)
except CommandError as error:
    sys.exit(f"{error.exit_code} {error}")
except SettingsError as error:
    sys.exit(f"2 {error}")
"""


@pytest.fixture(scope="module")
def dsn(new_database: Callable[[], str]) -> str:
    dsn = new_database()
    install(dsn, scale=0.01)
    return dsn


def start(dsn: str | None, directory: Path, *arguments: str) -> subprocess.Popen[str]:
    settings = {"TECHHUB_POSTGRES_DSN": dsn} if dsn else {}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TECHHUB_")} | settings
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        env=environment, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_it_runs_for_the_seconds_given_and_prints_a_summary(dsn: str, tmp_path: Path) -> None:
    out, errors = start(dsn, tmp_path, "--rate", "50", "--seconds", "1", "--seed", "4").communicate(timeout=60)
    assert errors == ""
    assert "create_request" in out and "committed in" in out


def test_json_is_the_only_output_and_the_ledger_agrees(dsn: str, tmp_path: Path) -> None:
    arguments = ("--rate", "100", "--seconds", "1", "--ledger", "ledger.jsonl", "--json")
    out, errors = start(dsn, tmp_path, *arguments).communicate(timeout=60)
    assert errors == ""
    summary = json.loads(out)
    assert summary["committed"] == len((tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()) > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_summary(dsn: str, tmp_path: Path, number: signal.Signals) -> None:
    process = start(dsn, tmp_path, "--rate", "200", "--ledger", "ledger.jsonl", "--json")
    ledger = tmp_path / "ledger.jsonl"
    while not (ledger.exists() and ledger.stat().st_size) and process.poll() is None:
        pass
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert json.loads(out)["committed"] == len(ledger.read_text(encoding="utf-8").splitlines())


def test_a_database_without_the_marker_ends_with_1_and_stays_as_it_was(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    other = new_database()
    out, errors = start(other, tmp_path, "--seconds", "1").communicate(timeout=60)
    assert out == "" and errors.startswith("1 database source_") and "may be a real techhub" in errors
    with psycopg.connect(other) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_database_that_is_away_ends_with_3_in_one_line(tmp_path: Path) -> None:
    away = "postgresql://someone:secret@127.0.0.1:1/techhub"
    _, errors = start(away, tmp_path, "--seconds", "1").communicate(timeout=60)
    assert errors.startswith("3 PostgreSQL cannot be reached") and len(errors.splitlines()) == 1
    assert "secret" not in errors


def test_a_missing_setting_and_an_unwritable_ledger_end_with_2(dsn: str, tmp_path: Path) -> None:
    _, errors = start(None, tmp_path, "--seconds", "1").communicate(timeout=60)
    assert errors.startswith("2 TECHHUB_POSTGRES_DSN: missing")
    _, errors = start(dsn, tmp_path, "--ledger", "no/such/folder").communicate(timeout=60)
    assert errors.startswith("2 --ledger no/such/folder: cannot be written")


def test_help_has_an_example(tmp_path: Path) -> None:
    out, _ = start(None, tmp_path, "--help").communicate(timeout=60)
    assert "techhub-cdc simulate --rate 50" in out
