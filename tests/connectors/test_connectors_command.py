"""The command group: help with examples, settings named, nothing dropped without --yes."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ops import connectors
from schemas.errors import Unreachable, Usage
from schemas.settings import SettingsError

COMMANDS = ("apply", "status", "sql", "check", "delete", "pause", "resume")


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> typer.Typer:
    """No settings but those a test gives."""
    monkeypatch.chdir(tmp_path)
    for name in ("POSTGRES_DSN", "KAFKA_BOOTSTRAP", "CONNECT_URL", "CONNECTOR_PASSWORD"):
        monkeypatch.delenv(f"TECHHUB_{name}", raising=False)
    app = typer.Typer()
    connectors.register(app)
    return app


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_json(root: typer.Typer, command: str) -> None:
    result = CliRunner(env={"COLUMNS": "120", "NO_COLOR": "1"}).invoke(root, ["connectors", command, "--help"])
    assert result.exit_code == 0
    assert f"Example: techhub-cdc connectors {command}" in result.output
    assert "--json" in result.output and "--name" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_settings_are_named(root: typer.Typer, command: str) -> None:
    result = CliRunner().invoke(root, ["connectors", command])
    assert isinstance(result.exception, SettingsError)
    assert "TECHHUB_POSTGRES_DSN: missing" in str(result.exception)


def test_delete_does_nothing_without_yes(root: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHHUB_POSTGRES_DSN", "postgresql://nobody@127.0.0.1:1/techhub")
    monkeypatch.setenv("TECHHUB_CONNECT_URL", "http://127.0.0.1:1")
    result = CliRunner().invoke(root, ["connectors", "delete"])
    assert isinstance(result.exception, Usage) and "--yes" in str(result.exception)


def test_a_database_that_is_away_is_unreachable(root: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHHUB_POSTGRES_DSN", "postgresql://nobody:sentinel@127.0.0.1:1/techhub")
    result = CliRunner().invoke(root, ["connectors", "sql"])
    assert isinstance(result.exception, Unreachable)
    assert "sentinel" not in str(result.exception)
