"""Kafka Connect: the plug-in, the connector's configuration, and capture itself, judged by its heartbeats."""

from typing import Final

from connectors import debezium, positions
from connectors.errors import Unreachable
from connectors.guard import format_lsn
from connectors.health import Health, health
from connectors.rest import Connect
from ops.doctor.line import Line, Lines, judged
from schemas.contract import Contract
from schemas.settings import Settings

PART: Final = "connect"
VERSION: Final = "3.7"
STORED_SECONDS: Final = 5.0


def lines(settings: Settings, contract: Contract) -> Lines:
    assert settings.connect_url is not None
    with Connect(settings.connect_url, settings.connector_name) as rest:
        version = rest.plugins().get(debezium.FIXED["connector.class"])
        yield judged(
            PART, "debezium's plug-in for postgresql", version is not None, version or "none", f"{VERSION} or newer",
            "install it in connect's plugin.path and restart connect",
        )  # fmt: skip
        if version is not None and not version.startswith(VERSION):
            yield Line(PART, "version", "warning", version, VERSION, "tested with 3.7.0.Final only")
        running = rest.config()
    if running is None:
        yield Line(PART, "connector", "wrong", "none", settings.connector_name, "techhub-cdc connectors apply")
        return
    yield from configured(settings, contract, running)


def configured(settings: Settings, contract: Contract, running: dict[str, str]) -> Lines:
    """Values are masked where they are secret."""
    changes = debezium.differences(running, debezium.configuration(contract, settings, "no_data"))
    left_out = {"table.include.list", "column.include.list"}  # optional parts that the database lacks
    for change in changes:
        if change.name not in left_out:
            remedy = "techhub-cdc connectors apply"
            yield Line(PART, change.name, "wrong", change.before or "none", change.after or "none", remedy)
    for warning in debezium.warnings(settings):
        what, _, remedy = warning.partition(";")
        yield Line(PART, "secrets", "warning", what, "references", remedy.strip())


def capture(settings: Settings, contract: Contract) -> Lines:
    found: Health = health(settings, contract)
    for problem in found.problems:
        yield Line(PART, "capture", "wrong", problem, "heartbeats come through", "techhub-cdc connectors status")
    if found.healthy:
        age = f"last heartbeat {found.heartbeat_age_seconds:.1f} s ago"
        yield Line(PART, "capture", "ok", age, "heartbeats come through")
        yield from stored(settings)


def stored(settings: Settings) -> Lines:
    """What workers prove freshness by."""
    topic, expected = settings.connect_offsets_topic, f"one within {STORED_SECONDS:.0f} s"
    remedy = (
        "set TECHHUB_CONNECT_OFFSETS_TOPIC to connect's offset.storage.topic, let workers read it, and set "
        "offset.flush.interval.ms=500 in connect's properties"
    )
    try:
        position = positions.next_stored(settings, STORED_SECONDS)
    except Unreachable as error:
        yield Line(PART, "stored positions", "wrong", str(error), expected, remedy)
        return
    told = "none" if position is None else f"{format_lsn(position.lsn)} in {topic}"
    yield judged(PART, "stored positions", position is not None, told, expected, remedy)
