"""Secrets that are planted in every setting turn up in no output of any command, whether it works or fails."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import SecretStr

from ops.cli import application
from schemas.settings import Settings
from tests.forked import Forked

SENTINEL = "s3ntinel-of-a-secret-that-is-long-enough"
NEVER_ENDING = {"up", "demo", "serve"}
"""They start an embedded stack, or wait; the pages of the others say what fails at once."""
ARGUMENTS = {
    "connectors backfill": ["booking_room"],
    "connectors delete": ["--yes"],
    "dead-letters show": ["a.b.c/0/1"],
    "dead-letters replay": ["--all"],
    "simulate": ["--seconds", "1"],
}


def secrets() -> dict[str, str]:
    """Every setting that holds one, and addresses with one in them, at places where nobody listens."""
    away = f"user:{SENTINEL}@127.0.0.1:1"
    values = {
        f"TECHHUB_{name.upper()}": SENTINEL
        for name, field in Settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    }
    return {
        **values,
        "TECHHUB_POSTGRES_DSN": f"postgresql://{away}/techhub",
        "TECHHUB_CONNECT_URL": f"http://{away}",
        "TECHHUB_CLICKHOUSE_DSN": f"http://{away}",
        "TECHHUB_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    }


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Typer has a click of its own, so a group is told by its commands."""
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))
    elif path[0] not in NEVER_ENDING:
        yield " ".join(path)


def run(arguments: list[str], directory: Path) -> str:
    """Its whole output; one that goes on trying is ended."""
    said = directory / "said"
    process = Forked(arguments, {**os.environ, **secrets()}, said, said, directory)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait(30)
    return said.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", sorted(leaves(typer.main.get_command(application()))))
def test_no_command_prints_a_secret(command: str, tmp_path: Path) -> None:
    shown = run([*command.split(), *ARGUMENTS.get(command, [])], tmp_path)
    assert shown, "it says what is wrong"
    assert SENTINEL not in shown, command


def test_the_settings_with_secrets_are_known() -> None:
    planted: dict[str, Any] = secrets()
    assert {"TECHHUB_CONNECTOR_PASSWORD", "TECHHUB_KAFKA_SASL_PASSWORD"} <= planted.keys()
