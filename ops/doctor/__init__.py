"""`techhub-cdc doctor`: everything that a new installation can get wrong, each with what to do."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console

from connectors.errors import ConnectorsError
from connectors.errors import Unreachable as CaptureUnreachable
from connectors.rest import Connect
from ops.doctor import clickhouse, connect, kafka, postgres
from ops.doctor.line import Line, asked
from ops.target import settings_for
from schemas.contract import Contract, load_contract
from schemas.errors import Problem, Unreachable
from schemas.settings import PREFIX, Settings
from sinks.clickhouse import ClickHouseError, SinkUnavailable
from sinks.migration import MigrationError
from sinks.mirror import MirrorError

ADDRESSES: Final = ("postgres_dsn", "kafka_bootstrap", "connect_url", "clickhouse_dsn")
STYLES: Final = {"ok": "green", "warning": "yellow", "wrong": "red", "away": "red"}


def register(app: typer.Typer) -> None:
    app.command("doctor", epilog="Example: techhub-cdc doctor --json")(command)


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="An embedded stack instead of the environment.")] = None,
) -> None:
    """Looks at settings, PostgreSQL, Kafka, Connect and ClickHouse: what is there, what is expected, what to do.

    Reads only. Exit code 1 when something is wrong, 3 when a part does not answer; warnings alone are 0.
    """
    settings = settings_for(name)
    found = list(lines(settings, load_contract(settings.contract)))
    print_json(found) if as_json else show(found)
    count = Counter(line.level for line in found)
    if count["away"]:
        raise Unreachable(f"{count['away']} parts do not answer, {count['wrong']} things are wrong")
    if count["wrong"]:
        raise Problem(f"{count['wrong']} things are wrong")


def lines(settings: Settings, contract: Contract) -> Iterator[Line]:
    there = {name for name in ADDRESSES if getattr(settings, name) is not None}
    for name in ADDRESSES:
        if name not in there:
            expected = Settings.model_fields[name].description or ""
            setting = f"{PREFIX}{name.upper()}"
            yield Line("settings", setting, "wrong", "missing", expected, f"set {setting} in .env or the environment")
    if "postgres_dsn" in there:
        running = configuration(settings) if "connect_url" in there else None
        yield from reached("postgresql", lambda: postgres.lines(settings, contract, running))
    if "kafka_bootstrap" in there:
        yield from reached("kafka", lambda: kafka.lines(settings, contract))
    if {"connect_url", "postgres_dsn", "kafka_bootstrap"} <= there:
        yield from reached("connect", lambda: connect.lines(settings, contract))
        yield from reached("connect", lambda: connect.capture(settings, contract))
    if "clickhouse_dsn" in there:
        yield from reached("clickhouse", lambda: clickhouse.lines(settings))


def configuration(settings: Settings) -> dict[str, str] | None:
    """Of the running connector; its part says so where Connect is away."""
    assert settings.connect_url is not None
    try:
        with Connect(settings.connect_url, settings.connector_name) as rest:
            return rest.config()
    except ConnectorsError:
        return None


def reached(part: str, work: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    remedy = f"start it, or correct the settings of {part}"
    try:
        yield from asked(part, remedy, work, CaptureUnreachable, SinkUnavailable)
    except (ConnectorsError, ClickHouseError, MigrationError, MirrorError) as error:
        yield Line(part, "asked", "wrong", " ".join(str(error).split())[:300], "an answer", "as it says")


def print_json(found: list[Line]) -> None:
    healthy = all(line.level in ("ok", "warning") for line in found)
    typer.echo(json.dumps({"healthy": healthy, "lines": [asdict(line) for line in found]}, indent=2))


def show(found: list[Line]) -> None:
    out = Console(highlight=False, soft_wrap=True)
    for line in found:
        out.print(f"[{STYLES[line.level]}]{line.level:<8}[/] ", end="")
        out.print(f"{line.part}: {line.what}: {line.found}", markup=False, end="")
        rest = f" (expected {line.expected}; {line.remedy})" if line.level != "ok" else ""
        out.print(rest, markup=False)
