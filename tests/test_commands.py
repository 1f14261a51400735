"""Each command is found where the command line says it is; the module of another is not imported for it."""

import subprocess
import sys

import pytest
import typer

from ops.cli import COMMANDS, application


@pytest.mark.parametrize("asked", COMMANDS)
def test_a_command_is_in_its_module(asked: str) -> None:
    group = typer.main.get_command(application(asked))
    assert set(group.commands) == {name for name, module in COMMANDS.items() if module == COMMANDS[asked]}  # type: ignore[attr-defined]


def test_help_names_them_all() -> None:
    assert set(typer.main.get_command(application()).commands) == set(COMMANDS)  # type: ignore[attr-defined]


def test_one_command_does_not_import_the_others() -> None:
    code = "import sys; from ops.cli import application; application('env'); print('ops.demo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
