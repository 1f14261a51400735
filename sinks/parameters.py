"""Parameters of a query: what a person, an address or a program gives -> values that ClickHouse binds on the server.

Types are ClickHouse's: String, integers, Float64, Date32, DateTime('UTC'), and Array(String) or Array(Int64), where an
empty array means all. Instants and days may be relative: `now`, `now-24h`, `today`, `today+1d` (units s m h d w); a day
begins in the reporting zone. Pure: the present instant and the zone come as arguments.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

Default = str | int | float | list[str] | list[int]
Value = str | int | float | bool | date | datetime | Sequence[str] | Sequence[int]

RELATIVE: Final = re.compile(r"(now|today)(?:([+-])(\d{1,6})([smhdw]))?")
SPANS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
INSTANT: Final = "DateTime('UTC')"
DAY: Final = "Date32"
INTEGERS: Final = {"Int64": (-(2**63), 2**63 - 1), "UInt32": (0, 2**32 - 1), "UInt64": (0, 2**64 - 1)}
ARRAYS: Final = {"Array(String)": "String", "Array(Int64)": "Int64"}
TYPES: Final = ("String", "Float64", INSTANT, DAY, *INTEGERS, *ARRAYS)
EXPECTED: Final = {
    INSTANT: "an instant such as 2026-01-31T09:00, or now-24h, today",
    DAY: "a day such as 2026-01-31, or today-30d",
    "Float64": "a number",
}


class ParameterError(ValueError):
    """A value that does not fit; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a statement; what it is when nobody says."""

    type: str
    default: Default
    meaning: str

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ParameterError(f"unknown type {self.type}, expected one of {', '.join(TYPES)}")
        bound(self.type, self.default, datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))


def bind(
    parameters: Mapping[str, Parameter], values: Mapping[str, Value], now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """What to send with the statement: `values`, else defaults; raises `ParameterError` that names the parameter."""
    for unknown in sorted(values.keys() - parameters.keys()):
        expected = ", ".join(parameters) or "none"
        raise ParameterError(f"parameter {unknown}: unknown, expected one of {expected}")
    found = {}
    for name, parameter in parameters.items():
        try:
            found[name] = bound(parameter.type, values.get(name, parameter.default), now, zone)
        except ParameterError as error:
            raise ParameterError(f"parameter {name}: {error}") from None
    return found


def bound(type_: str, value: Value, now: datetime, zone: ZoneInfo) -> Any:
    """A value as the client sends it; text is read, so that an address or a command line can say everything."""
    if type_ in ARRAYS:
        items = [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value
        if not isinstance(items, Sequence):
            raise ParameterError(f"{value!r}: expected a list, a,b,c")
        return [bound(ARRAYS[type_], item, now, zone) for item in items]
    try:
        if type_ in INTEGERS:
            return integer(type_, value)
        if type_ == "Float64":
            return float(value)  # type: ignore[arg-type]
        if type_ in (INSTANT, DAY):
            return instant(type_, value, now, zone)
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(f"{value!r}: expected {EXPECTED.get(type_, f'a whole number, {type_}')}") from None
    if not isinstance(value, str):
        raise ParameterError(f"{value!r}: expected a text")
    return value


def integer(type_: str, value: Value) -> int:
    low, high = INTEGERS[type_]
    number = int(value)  # type: ignore[arg-type]
    if isinstance(value, float) or not low <= number <= high:
        raise ValueError
    return number


def instant(type_: str, value: Value, now: datetime, zone: ZoneInfo) -> str:
    """An instant in UTC, or a day in the zone, as ClickHouse reads it. What has no zone is in the reporting zone."""
    if isinstance(value, str):
        value = relative(value, now, zone) or datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    if type_ == DAY:
        return f"{aware.astimezone(zone):%Y-%m-%d}"
    return f"{aware.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def relative(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    found = RELATIVE.fullmatch(text)
    if found is None:
        return None
    start, sign, amount, unit = found.groups()
    local = now.astimezone(zone)
    if start == "today":
        local = datetime.combine(local.date(), time(), zone)
    span = timedelta(**{SPANS[unit]: int(amount)}) if unit else timedelta()
    return local - span if sign == "-" else local + span
