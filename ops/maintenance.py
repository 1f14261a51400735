"""`techhub-cdc maintenance on|off|show`: silences alerts on business figures for an announced time."""

import getpass
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from ops.target import settings_for
from schemas.errors import Usage
from schemas.settings import Settings
from sinks.clickhouse import Client, connect
from sinks.maintenance import Maintenance, announce, current, end

LONGEST: Final = timedelta(days=7)
UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
Name = Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON.")]

app = typer.Typer(no_args_is_help=True, help="Announces a time in which alerts on business figures are silent.")


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="maintenance")


@app.command("on", epilog="Example: techhub-cdc maintenance on --for 2h --reason 'import of old requests'")
def on_command(
    span: Annotated[str, typer.Option("--for", help="How long, such as 30m, 2h or 1d; it ends by itself.")] = "1h",
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who look at the page.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who announces it; default: this user and machine.")] = None,
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Begins, or gives the one that holds another end. Alerts on the pipeline itself are not silenced."""
    length = span_of(span)
    with client_of(name) as client:
        who = by or f"{getpass.getuser()}@{socket.gethostname()}"
        tell(announce(client, datetime.now(UTC), length, who, reason), as_json)


@app.command("off", epilog="Example: techhub-cdc maintenance off")
def off_command(name: Name = None, as_json: AsJson = False) -> None:
    """Ends it now; fine where there is none."""
    with client_of(name) as client:
        end(client, datetime.now(UTC))
        tell(None, as_json)


@app.command("show", epilog="Example: techhub-cdc maintenance show --json")
def show_command(name: Name = None, as_json: AsJson = False) -> None:
    """Says whether one is announced, by whom, why and until when."""
    with client_of(name) as client:
        tell(current(client, datetime.now(UTC)), as_json)


def span_of(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([mhd])", text)
    span = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= LONGEST:
        raise Usage(f"--for {text}: expected a time such as 30m, 2h or 1d, at most {LONGEST.days}d")
    return span


@contextmanager
def client_of(name: str | None) -> Iterator[Client]:
    settings: Settings = settings_for(name, "clickhouse_dsn")
    with connect(settings) as client:
        yield client


def sentence(held: Maintenance | None) -> str:
    if held is None:
        return "no maintenance"
    because = f": {held.reason}" if held.reason else ""
    return f"maintenance until {held.ends_at:%Y-%m-%d %H:%M} UTC, announced by {held.announced_by}{because}"


def tell(held: Maintenance | None, as_json: bool) -> None:
    document = {"maintenance": None if held is None else asdict(held)}
    typer.echo(json.dumps(document, default=str, ensure_ascii=False) if as_json else sentence(held))
