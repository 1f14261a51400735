"""Column types of the contract: what PostgreSQL has, what Debezium sends, what ClickHouse stores.

Flows in: one JSON value as Debezium writes it (`time.precision.mode=isostring`, `decimal.handling.mode=string`).
Flows out: the value that the ClickHouse client inserts; instants are integers, microseconds since 1970 in UTC.
A converter raises `Unfit` for a value that its column cannot hold; the caller stores `empty` and records a dq issue.
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

UNAVAILABLE: Final = "__debezium_unavailable_value"
"""What Debezium sends for a TOASTed value that the change did not touch."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_ZERO: Final = date(1970, 1, 1).toordinal()
FIRST_INSTANT: Final = int((datetime(1900, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000
LAST_INSTANT: Final = int((datetime(2299, 12, 31, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000
MICROSECOND: Final = timedelta(microseconds=1)


class Unfit(ValueError):
    """A value that does not fit its column; the text says what was expected, never the value."""


Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One type a contract column may have.

    `postgres` lists the accepted `format_type` names without modifiers, `clickhouse` is the mirror's column type,
    `empty` is stored for NULL and for what does not fit, `toast` tells whether PostgreSQL may store the value out of
    line (then an update may carry a placeholder instead of it).
    """

    name: str
    postgres: frozenset[str]
    clickhouse: str
    convert: Converter
    empty: Any = None
    toast: bool = False


def integer(bits: int) -> Converter:
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def convert(value: Any) -> int:
        if type(value) is not int:
            raise Unfit(f"expected an integer, got {kind(value)}")
        if not low <= value <= high:
            raise Unfit(f"expected an integer of {bits} bits, got one out of range")
        return value

    return convert


def boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise Unfit(f"expected true or false, got {kind(value)}")
    return value


def text(value: Any) -> str:
    if type(value) is not str:
        raise Unfit(f"expected text, got {kind(value)}")
    return clean(value)


def floating(value: Any) -> float:
    if type(value) in (int, float):
        try:
            return float(value)
        except OverflowError:
            raise Unfit("expected a number, got one out of range") from None
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    raise Unfit(f"expected a number, got {kind(value)}")


def identifier(value: Any) -> str:
    try:
        return str(uuid.UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise Unfit(f"expected a UUID, got {kind(value)}") from None


def instant(value: Any) -> int:
    """`2026-11-22T16:00:00.123456Z` -> microseconds since 1970; infinity, BC and far years do not fit."""
    try:
        moment = datetime.fromisoformat(value)
        micros = (moment - EPOCH) // MICROSECOND
    except (ValueError, TypeError, OverflowError):
        raise Unfit(f"expected an instant between 1900 and 2299, got {kind(value)}") from None
    if not FIRST_INSTANT <= micros <= LAST_INSTANT:
        raise Unfit("expected an instant between 1900 and 2299, got one out of range")
    return micros


def local_instant(zone: ZoneInfo) -> Converter:
    """A timestamp without zone, to which Debezium adds a false Z, is wall-clock time of the reporting zone."""

    def convert(value: Any) -> int:
        try:
            wall = datetime.fromisoformat(value).replace(tzinfo=zone)
            micros = (wall - EPOCH) // MICROSECOND
        except (ValueError, TypeError, OverflowError):
            raise Unfit(f"expected a timestamp between 1900 and 2299, got {kind(value)}") from None
        if not FIRST_INSTANT <= micros <= LAST_INSTANT:
            raise Unfit("expected a timestamp between 1900 and 2299, got one out of range")
        return micros

    return convert


def day(value: Any) -> int:
    """`2026-11-22Z` -> days since 1970 (Date32)."""
    try:
        number = date.fromisoformat(value.rstrip("Z")).toordinal() - DAY_ZERO
    except (ValueError, TypeError, AttributeError):
        raise Unfit(f"expected a date, got {kind(value)}") from None
    if not FIRST_INSTANT <= number * 86_400_000_000 <= LAST_INSTANT:
        raise Unfit("expected a date between 1900 and 2299, got one out of range")
    return number


def translations(value: Any) -> dict[str, str]:
    """A parsed {"ru": .., "kk": .., "en": ..}; null is dropped, what else is not text becomes its JSON text."""
    if not isinstance(value, dict):
        raise Unfit(f"expected a map of languages, got {kind(value)}")
    return {clean(language): readable(title) for language, title in value.items() if title is not None}


def strings(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise Unfit(f"expected a list, got {kind(value)}")
    return [readable(item) for item in value if item is not None]


def readable(value: Any) -> str:
    """Text as it is, anything else as its JSON text."""
    if isinstance(value, str):
        return clean(value)
    try:
        return clean(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        raise Unfit(f"expected text, got {kind(value)} that is nested too deeply") from None


def length(value: Any) -> int:
    if not isinstance(value, list):
        raise Unfit(f"expected a list to count, got {kind(value)}")
    return len(value)


def flag(value: Any) -> bool:
    """Whether a tag is set: not null, false, 0 or empty; a map may say in `active` or `value` that it is not."""
    if isinstance(value, dict):
        return bool(value) and all(value.get(name, True) for name in ("active", "value"))
    return bool(value)


def decimal(value: Any) -> float:
    if type(value) not in (str, int, float):
        raise Unfit(f"expected a decimal, got {kind(value)}")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise Unfit(f"expected a decimal, got {kind(value)}") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise Unfit("expected a finite decimal")
    return number


_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(value: str) -> str:
    """Lone surrogates cannot be encoded as UTF-8 and would fail a whole insert."""
    return value if value.isascii() else _SURROGATE.sub("\ufffd", value)


def kind(value: Any) -> str:
    """What JSON calls it; the value itself never reaches a log."""
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "text", list: "a list", dict: "a map"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _types(*entries: ColumnType) -> dict[str, ColumnType]:
    return {entry.name: entry for entry in entries}


INTEGERS = frozenset({"smallint", "integer", "bigint"})
TEXTS = frozenset({"text", "character varying", "character", "inet", "uuid", "citext"})
DOCUMENTS = frozenset({"jsonb", "json"})


def column_types(zone: ZoneInfo) -> dict[str, ColumnType]:
    """Every type by the name the contract uses; `zone` is the reporting time zone of timestamps without one."""
    return _types(
        ColumnType("int16", frozenset({"smallint"}), "Nullable(Int16)", integer(16)),
        ColumnType("int32", frozenset({"smallint", "integer"}), "Nullable(Int32)", integer(32)),
        ColumnType("int64", INTEGERS, "Nullable(Int64)", integer(64)),
        ColumnType("float64", frozenset({"real", "double precision"}), "Nullable(Float64)", floating),
        ColumnType("decimal", frozenset({"numeric"}), "Nullable(Float64)", decimal, toast=True),
        ColumnType("bool", frozenset({"boolean"}), "Nullable(Bool)", boolean),
        ColumnType("string", TEXTS, "Nullable(String)", text, toast=True),
        ColumnType("status", TEXTS, "LowCardinality(String)", text, empty="", toast=True),
        ColumnType("uuid", frozenset({"uuid"}), "Nullable(UUID)", identifier),
        ColumnType("timestamptz", frozenset({"timestamp with time zone"}), "Nullable(DateTime64(6, 'UTC'))", instant),
        ColumnType(
            "timestamp",
            frozenset({"timestamp without time zone"}),
            "Nullable(DateTime64(6, 'UTC'))",
            local_instant(zone),
        ),
        ColumnType("date", frozenset({"date"}), "Nullable(Date32)", day),
        ColumnType("i18n", DOCUMENTS, "Map(String, String)", translations, empty={}, toast=True),
        ColumnType(
            "strings", DOCUMENTS | {"text[]", "character varying[]"}, "Array(String)", strings, empty=[], toast=True
        ),
        ColumnType(
            "count",
            DOCUMENTS | {"integer[]", "bigint[]", "text[]", "character varying[]"},
            "UInt32",
            length,
            0,
            toast=True,
        ),
        ColumnType("flag", DOCUMENTS | {"boolean"}, "Bool", flag, empty=False, toast=True),
    )


PARSED: Final = frozenset({"i18n", "strings", "count", "flag"})
"""Types whose value may be a jsonb document, which arrives as text."""


TYPE_NAMES: Final = frozenset(column_types(ZoneInfo("UTC")))
