"""ClickHouse: version, who we are, tables of this version, durable inserts, disk, clock."""

import time
from typing import Any, Final

from ops.doctor import zones
from ops.doctor.line import Line, Lines, judged
from schemas.settings import Settings
from sinks.clickhouse import Client, connect
from sinks.migrate import migrate

PART: Final = "clickhouse"
OLDEST: Final = (25, 8)
FREE: Final = 0.15
CLOCK_SECONDS: Final = 1.0


def lines(settings: Settings) -> Lines:
    with connect(settings, None) as client:
        version = str(value(client, "SELECT version()"))
        known = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        yield judged(
            PART, "version", known >= OLDEST, version, "25.8 or newer", "tested with 26.9; upgrade it", "warning"
        )
        yield user(client)
        yield from tables(settings, client)
        yield from disks(client)
        yield clock(client)
        found = value(client, zones.CLICKHOUSE, {"zone": settings.timezone, "instants": zones.seconds()})
        yield zones.agrees(PART, settings.timezone, [int(offset) for offset in found])


def value(client: Client, sql: str, parameters: dict[str, Any] | None = None) -> Any:
    return client.query(sql, parameters=parameters or {}).result_rows[0][0]


def user(client: Client) -> Line:
    name = str(value(client, "SELECT currentUser()"))
    return judged(
        PART, "user", name != "default", name, "one of its own: writer, reader or migrator",
        "make users as deploy/compose/clickhouse/users.xml does", "warning",
    )  # fmt: skip


def tables(settings: Settings, client: Client) -> Lines:
    todo = migrate(settings, dry_run=True)
    yield judged(
        PART, f"database {settings.clickhouse_database}", not todo.steps, f"{len(todo.steps)} steps behind",
        "tables and views of this version", "techhub-cdc migrate",
    )  # fmt: skip
    unsafe = [
        row[0]
        for row in client.query(
            "SELECT name FROM system.tables WHERE database = {database:String} AND engine LIKE 'Replacing%' "
            "AND NOT match(engine_full, 'fsync_after_insert = (1|true)') ORDER BY name",
            parameters={"database": settings.clickhouse_database},
        ).result_rows
    ]
    found = "every table" if not unsafe else f"not {', '.join(unsafe[:5])}{' and others' if len(unsafe) > 5 else ''}"
    yield judged(
        PART, "inserts are durable", not unsafe, found, "fsync_after_insert on every table",
        "after a power loss rows may be missing below their watermark: `ALTER TABLE ... MODIFY SETTING "
        "fsync_after_insert = 1, fsync_part_directory = 1` on each", "warning",
    )  # fmt: skip


def disks(client: Client) -> Lines:
    for name, free, total in client.query("SELECT name, free_space, total_space FROM system.disks").result_rows:
        share = free / total if total else 1.0
        found = f"{free / 1e9:.0f} of {total / 1e9:.0f} GB free"
        yield judged(PART, f"disk {name}", share > FREE, found, f"over {FREE:.0%} free", "make room", "warning")


def clock(client: Client) -> Line:
    """`lag_seconds` compares this clock with that of the source."""
    before = time.time()
    there = int(value(client, "SELECT toUnixTimestamp64Micro(now64(6))")) / 1e6
    off = max(0.0, before - there, there - time.time())
    return judged(
        PART, "clock", off < CLOCK_SECONDS, f"{off:.1f} s from this machine's", "under 1 s", "synchronise it (NTP)",
        "warning",
    )  # fmt: skip
