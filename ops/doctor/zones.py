"""Do Python, PostgreSQL and ClickHouse cut the day at the same instants? Kazakhstan went from +6 to +5 on 2024-03-01.

Flows in: offsets in seconds of one time zone at a few instants, as each says. Flows out: a line for each.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from ops.doctor.line import Line, judged

INSTANTS: Final = tuple(datetime(year, month, 15, tzinfo=UTC) for year in (2023, 2024, 2026) for month in (1, 7))
POSTGRES: Final = (
    "select extract(epoch from (to_timestamp(i) at time zone %(zone)s) - (to_timestamp(i) at time zone 'UTC'))::int "
    "from unnest(%(instants)s::float8[]) with ordinality as t(i, n) order by n"
)
CLICKHOUSE: Final = (
    "SELECT arrayMap(i -> timeZoneOffset(toTimeZone(toDateTime(i, 'UTC'), {zone:String})), {instants:Array(UInt32)})"
)
REMEDY: Final = "bring its time zone data up to date; days would be cut at another instant than elsewhere"


def seconds() -> list[int]:
    return [int(moment.timestamp()) for moment in INSTANTS]


def offsets(zone: str) -> list[int]:
    """By Python's data, which also says what a timestamp without zone means."""
    found = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in INSTANTS]
    return [int(offset.total_seconds()) for offset in found if offset is not None]


def agrees(part: str, zone: str, found: Sequence[int]) -> Line:
    expected = offsets(zone)
    return judged(
        part,
        f"time zone data of {zone}",
        list(found) == expected,
        shown(found),
        f"{shown(expected)}, as python",
        REMEDY,
    )


def shown(found: Sequence[int]) -> str:
    """Hours from UTC, each once, in order of the instants."""
    return ", ".join(f"{seconds / 3600:+g} h" for seconds in dict.fromkeys(found))
