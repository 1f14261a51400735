"""A maintenance has a beginning, an end and a name; it ends by itself, and the command says what holds."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from schemas.settings import Settings, environment
from sinks.clickhouse import connect
from sinks.maintenance import announce, current, end

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def forgotten(migrated: Settings) -> None:
    with connect(migrated) as client:
        client.command("TRUNCATE TABLE maintenance")


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", "maintenance", *arguments],
        env=environment(settings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_it_holds_until_its_end_and_no_longer(migrated: Settings) -> None:
    with connect(migrated) as client:
        assert current(client, NOON) is None
        made = announce(client, NOON, HOUR, "ada", "import")
        assert current(client, NOON) == current(client, NOON + HOUR - SECOND) == made
        assert (made.started_at, made.ends_at, made.announced_by, made.reason) == (NOON, NOON + HOUR, "ada", "import")
        assert current(client, NOON + HOUR) is None


def test_announcing_again_moves_the_end_and_begins_no_second_one(migrated: Settings) -> None:
    with connect(migrated) as client:
        announce(client, NOON, 4 * HOUR, "ada", "import")
        shorter = announce(client, NOON + SECOND, HOUR, "bob", "nearly done")
        assert current(client, NOON + 2 * SECOND) == shorter
        assert shorter.started_at == NOON
        assert client.query("SELECT count() FROM maintenance FINAL").result_rows == [(1,)]


def test_it_can_be_ended_and_what_it_was_stays_on_record(migrated: Settings) -> None:
    with connect(migrated) as client:
        announce(client, NOON, HOUR, "ada", "import")
        assert len(end(client, NOON + SECOND)) == 1
        assert current(client, NOON + SECOND) is None and end(client, NOON + 2 * SECOND) == []
        kept = client.query("SELECT ends_at, announced_by FROM maintenance FINAL", tz_mode="aware").result_rows
        assert kept == [(NOON + SECOND, "ada")]


def test_the_command_announces_shows_and_ends(migrated: Settings) -> None:
    begun = command(migrated, "on", "--for", "2h", "--reason", "import", "--by", "ada", "--json")
    assert begun.returncode == 0, begun.stderr
    held = json.loads(begun.stdout)["maintenance"]
    assert (held["announced_by"], held["reason"]) == ("ada", "import")
    shown = command(migrated, "show").stdout
    assert shown.startswith("maintenance until ") and shown.endswith("announced by ada: import\n")
    assert command(migrated, "off").returncode == 0
    assert json.loads(command(migrated, "show", "--json").stdout) == {"maintenance": None}


@pytest.mark.parametrize("span", ["soon", "0m", "8d", "-1h"])
def test_a_time_that_is_none_is_refused_with_what_was_expected(settings: Settings, span: str) -> None:
    done = command(settings, "on", "--for", span)
    assert done.returncode == 2
    assert "expected a time such as 30m, 2h or 1d, at most 7d" in done.stderr


def test_without_its_table_it_says_what_to_do(settings: Settings) -> None:
    done = command(settings.model_copy(update={"clickhouse_database": "default"}), "show")
    assert (done.returncode, "techhub-cdc migrate" in done.stderr) == (1, True), done.stderr
