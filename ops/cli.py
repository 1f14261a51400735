"""The command line: one file a command, this file only puts them together and turns errors into exit codes."""

import importlib
import os
import signal
import sys
from typing import Final

import typer
from rich.console import Console

from schemas.contract import ContractError
from schemas.errors import CommandError
from schemas.settings import DEBUG, SettingsError

COMMANDS: Final = {
    "up": "stack", "down": "stack", "env": "stack", "demo": "demo", "migrate": "migrate", "connectors": "connectors",
    "worker": "worker", "serve": "serve", "simulate": "simulate", "status": "status", "doctor": "doctor",
    "query": "query", "reconcile": "reconcile", "rebuild": "rebuild", "dead-letters": "dead_letters",
    "maintenance": "maintenance", "bench": "bench",
}  # fmt: skip
"""Command -> module of `ops`, whose function `register(app)` adds it."""
AWAY: Final = (
    ("psycopg", "OperationalError", "PostgreSQL cannot be reached:", 3),
    ("sinks.clickhouse", "SinkUnavailable", "ClickHouse cannot be reached:", 3),
    ("sinks.clickhouse", "ClickHouseError", "ClickHouse cannot answer, was techhub-cdc migrate run?", 1),
)
"""What any command may meet: the exception, what it says, the exit code. Nothing is imported for this alone."""


def application(asked: str = "") -> typer.Typer:
    """With that command; with all of them where it is none. Nothing is imported that is not asked for."""
    app = typer.Typer(
        name="techhub-cdc",
        help="Streams changes of the techhub database into exact, live aggregates in ClickHouse.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(lambda: None)  # a single command keeps its name
    for module in dict.fromkeys([COMMANDS[asked]] if asked in COMMANDS else COMMANDS.values()):
        importlib.import_module(f"ops.{module}").register(app)
    return app


def main() -> None:
    """Runs a command; no traceback reaches a user, and SIGTERM lets it clear up as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = application(*sys.argv[1:2])(standalone_mode=False)
    except (SettingsError, ContractError) as error:
        code = report(str(error), 2)
    except CommandError as error:
        code = report(str(error), error.exit_code)
    except typer.Exit as error:
        code = error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = report("interrupted", 130)
    except BrokenPipeError:
        # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        code = unexpected(error)
    sys.exit(code if isinstance(code, int) else 0)


def unexpected(error: Exception) -> int:
    if hasattr(error, "show") and hasattr(error, "exit_code"):
        error.show()  # a wrong call, in Typer's own words
        return 2
    for module, name, what, code in AWAY:
        if module in sys.modules and isinstance(error, getattr(sys.modules[module], name)):
            return report(f"{what} {' '.join(str(error).split())[:300]}", code)
    if DEBUG:
        raise error
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return report(f"a defect of this program: {what}\nTECHHUB_DEBUG=1 shows where it happened", 1)


def report(text: str, code: int) -> int:
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for line in text.splitlines():
        errors.print("[red]error[/red] ", end="")
        errors.print(line, markup=False)
    return code
