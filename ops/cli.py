"""The command line: one file a command, this file only puts them together and turns errors into exit codes."""

import importlib
import sys

import click
import typer
from rich.console import Console

from ops.errors import CommandError
from schemas.contract import ContractError
from schemas.settings import SettingsError

app = typer.Typer(
    name="techhub-cdc",
    help="Streams changes of the techhub database into exact, live aggregates in ClickHouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

COMMANDS = ("stack", "demo", "migrate", "connectors", "worker", "simulate", "status", "reconcile", "bench")
"""Modules of `ops`, each with a function `register(app)` that adds its commands."""

for module in COMMANDS:
    importlib.import_module(f"ops.{module}").register(app)


def main() -> None:
    """Runs a command; no traceback reaches a user."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        code = app(standalone_mode=False)
    except (SettingsError, ContractError) as error:
        code = report(errors, str(error), 2)
    except CommandError as error:
        code = report(errors, str(error), error.exit_code)
    except click.exceptions.Abort:
        code = 130
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def report(errors: Console, text: str, code: int) -> int:
    for line in text.splitlines():
        errors.print("[red]error[/red] ", end="")
        errors.print(line, markup=False)
    return code
