"""`up`, `down` and `env`: the embedded stack of real parts on this machine."""

import json
import shlex
from typing import Annotated

import typer
from rich.console import Console

from ops.board import Board
from schemas.errors import Problem
from schemas.settings import load

Name = Annotated[str, typer.Option("--name", help="Which stack; several can run side by side.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
REPORTED = ("postgres_dsn", "kafka_bootstrap", "connect_url", "clickhouse_dsn", "directory")


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: techhub-cdc up --scale 0.1")(up)
    app.command(epilog="Example: techhub-cdc down --purge")(down)
    app.command(epilog='Example: eval "$(techhub-cdc env)"')(env)


def up(
    name: Name = "default",
    scale: Annotated[float | None, typer.Option(min=0.0, help="Size of the base data set; 1 is techhub's own.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="The source schema without rows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start PostgreSQL with the source schema, Kafka, Connect and ClickHouse. What runs already is left alone."""
    from deploy.local.stack import Stack

    with Board(Console(stderr=True)) as board:
        addresses = Stack(load().local_directory).up(name, board.show, scale=scale, empty=empty)
    if as_json:
        typer.echo(json.dumps({field: str(getattr(addresses, field)) for field in REPORTED}, indent=2))
        return
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"stack {name} is up in {addresses.directory}", markup=False)
    console.print(f"  kafka      {addresses.kafka_bootstrap}\n  connect    {addresses.connect_url}", markup=False)
    option = "" if name == "default" else f" --name {name}"
    console.print(f'settings for every other command: eval "$(techhub-cdc env{option})"', markup=False)


def down(
    name: Name = "default",
    purge: Annotated[bool, typer.Option("--purge", help="Delete its data, too.")] = False,
) -> None:
    """Stop a stack. Its data stays, unless --purge says otherwise."""
    from deploy.local.stack import Stack

    with Board(Console(stderr=True)) as board:
        found = Stack(load().local_directory).down(name, purge, board.show)
    typer.echo(f"stack {name} is {'deleted' if purge else 'down'}" if found else f"there is no stack {name}")


def env(name: Name = "default") -> None:
    """Print the settings of a stack as shell commands; they contain its passwords."""
    from deploy.local.stack import Stack

    stacks = Stack(load().local_directory)
    addresses = stacks.read(name)
    if addresses is None:
        raise Problem(f"there is no stack {name}: start it with `techhub-cdc up --name {name}`")
    for variable, value in addresses.environment().items():
        typer.echo(f"export {variable}={shlex.quote(value)}")
    stopped = [part for part, runs in stacks.running(name).items() if not runs]
    if stopped:
        typer.echo(f"not running: {', '.join(stopped)}; start with `techhub-cdc up --name {name}`", err=True)
