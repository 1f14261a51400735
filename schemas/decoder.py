"""Kafka record -> `Change`, by the contract.

One decoder a table. The fast path is a msgspec Struct of the table's columns (2 us a record); a record that it refuses
goes column by column, so that one bad value costs that value and not the row. Raises `Malformed`, and nothing else, on
any bytes.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from schemas.change import OPERATIONS, REPAIR, Change, Malformed
from schemas.contract import Column, Table
from schemas.types import (
    EPOCH,
    FIRST_INSTANT,
    LAST_INSTANT,
    PARSED,
    UNAVAILABLE,
    ColumnType,
    Unfit,
    column_types,
    identifier,
    kind,
)

UNAVAILABLE_FORMS: Final = (UNAVAILABLE, [UNAVAILABLE], list(UNAVAILABLE.encode()))
"""The placeholder as text, in a list of text and as the codes of an int[]."""

LAST_COMMIT: Final = (1 << 32) * 1_000_000
"""Minutes and hours of commit times are stored as 32-bit seconds."""

MAX_RECORD: Final = 16 * 1024 * 1024
"""Bytes; larger records are dead letters."""


def bounded(bits: int) -> Any:
    return Annotated[int, msgspec.Meta(ge=-(1 << bits - 1), le=(1 << bits - 1) - 1)]


WIRE: Final[Mapping[str, Any]] = {
    "int16": bounded(16),
    "int32": bounded(32),
    "int64": bounded(64),
    "bool": bool,
    "string": str,
    "status": str,
    "timestamptz": Annotated[datetime, msgspec.Meta(tz=True)],
}
"""Types that the fast path checks; every other column is taken as it is and converted."""


Int64 = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class Source(msgspec.Struct, gc=False):
    ts_us: Int64
    lsn: Int64 | None = None
    txId: Int64 | None = None
    snapshot: str | bool | None = None


def micros(moment: datetime) -> int:
    """Integers all the way: a float of seconds loses microseconds from 2106 on."""
    since = moment - EPOCH
    value = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not FIRST_INSTANT <= value <= LAST_INSTANT:
        raise Unfit("expected an instant between 1900 and 2299, got one out of range")
    return value


class Decoder:
    """Decodes the records of one table's topic."""

    def __init__(self, table: Table, zone: ZoneInfo) -> None:
        types = column_types(zone)
        self.table = table
        self.columns: tuple[tuple[Column, ColumnType], ...] = tuple((c, types[c.type]) for c in table.columns)
        self.empty = tuple(type_.empty for _, type_ in self.columns)
        self.toast = tuple(i for i, (column, type_) in enumerate(self.columns) if type_.toast or column.path)
        """Columns that an update may omit; whatever its type, one that is read from a document among them."""
        self.row_key: Callable[[tuple[Any, ...]], Any] = itemgetter(
            *[table.columns.index(table.column(name)) for name in table.key]
        )
        """The value of a row's key column, or a tuple where the key has several."""
        positions = {name: index for index, name in enumerate(table.sources)}
        fields = [(f"f{i}", self.wire(name), None) for i, name in enumerate(table.sources)]
        row = msgspec.defstruct(
            f"{table.name}_row", fields, rename={f"f{i}": name for i, name in enumerate(table.sources)}, gc=False
        )
        envelope = msgspec.defstruct(
            f"{table.name}_envelope", [("op", str), ("source", Source), ("after", row | None, None)], gc=False
        )
        self.read_envelope: Callable[[bytes], Any] = msgspec.json.Decoder(envelope).decode
        key_fields = [(f"k{i}", WIRE.get(table.column(name).type, str)) for i, name in enumerate(table.key)]
        key = msgspec.defstruct(
            f"{table.name}_key", key_fields, rename={f"k{i}": name for i, name in enumerate(table.key)}, gc=False
        )
        self.identifiers = {i for i, name in enumerate(table.key) if table.column(name).type == "uuid"}
        self.read_key: Callable[[bytes], Any] = msgspec.json.Decoder(key).decode
        self.plan = tuple(
            (index, positions[column.source], column, type_, self.fast(column, type_))
            for index, (column, type_) in enumerate(self.columns)
        )
        self.conversions = tuple(
            (index, type_.empty, fast) for index, _, _, type_, fast in self.plan if fast or type_.empty is not None
        )
        self.direct = all(source == index and not column.path for index, source, column, _, _ in self.plan)
        self.texts = tuple(index for index, _, column, type_, fast in self.plan if type_.toast and fast is None)

    def wire(self, source: str) -> Any:
        """The Struct's type of a source column: exact where one plain column reads it, else anything."""
        readers = [column for column in self.table.columns if column.source == source]
        exact = WIRE.get(readers[0].type) if len(readers) == 1 and not readers[0].path else None
        return (exact | None) if exact is not None else Any

    def fast(self, column: Column, type_: ColumnType) -> Callable[[Any], Any] | None:
        """What the fast path has still to do with a value that the Struct has checked."""
        if self.wire(column.source) is Any:
            return lambda value: convert(value, column, type_)
        return micros if column.type == "timestamptz" else None

    def decode(self, offset: int, key: bytes | None, value: bytes | None) -> Change:
        if value is None:
            raise Malformed("no value: a Kafka tombstone, which the connector is configured not to send")
        if len(value) > MAX_RECORD:
            raise Malformed(f"record of {len(value)} bytes, expected at most {MAX_RECORD}")
        try:
            envelope = self.read_envelope(value)
            after = None if envelope.after is None else self.values(msgspec.structs.astuple(envelope.after))
        except (msgspec.MsgspecError, Unfit, Placeholder, ValueError, OverflowError, RecursionError):
            return self.decode_slowly(offset, key, value)
        return self.change(offset, key, envelope.op, envelope.source, after, (), ())

    def values(self, raw: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.direct:
            values = list(raw)
            for index, empty, fast in self.conversions:
                item = values[index]
                if item is None:
                    values[index] = empty
                elif fast is not None:
                    values[index] = fast(item)
            for index in self.texts:
                if values[index] == UNAVAILABLE:
                    raise Placeholder
            return tuple(values)
        values = []
        for _, source, _, type_, fast in self.plan:
            item = raw[source]
            if item == UNAVAILABLE:
                raise Placeholder
            values.append(type_.empty if item is None else fast(item) if fast else item)
        return tuple(values)

    def decode_slowly(self, offset: int, key: bytes | None, value: bytes) -> Change:
        try:
            envelope = json.loads(value)
        except (ValueError, RecursionError):
            raise Malformed("value is not JSON") from None
        if not isinstance(envelope, dict):
            raise Malformed(f"expected an envelope with op and source, got {kind(envelope)}")
        after = envelope.get("after")
        if after is not None and not isinstance(after, dict):
            raise Malformed(f"after: expected a row, got {kind(after)}")
        try:
            source = msgspec.convert(envelope.get("source"), Source)
        except (msgspec.MsgspecError, ValueError, RecursionError):  # a lone surrogate is a ValueError
            raise Malformed("source: expected a position with ts_us and lsn") from None
        operation = envelope.get("op")
        if after is None:
            return self.change(offset, key, operation, source, None, (), ())
        return self.change(offset, key, operation, source, *self.row(after))

    def row(self, after: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[int, ...], tuple[str, ...]]:
        """Values, columns without their TOASTed value, and what did not fit."""
        values: list[Any] = []
        unavailable: list[int] = []
        unfit: list[str] = []
        for index, (column, type_) in enumerate(self.columns):
            item = after.get(column.source)
            try:
                values.append(type_.empty if item is None else convert(item, column, type_))
            except Placeholder:
                unavailable.append(index)
                values.append(type_.empty)
            except Unfit as error:
                unfit.append(f"{column.name}: {error}")
                values.append(type_.empty)
        return tuple(values), tuple(unavailable), tuple(unfit)

    def change(
        self,
        offset: int,
        key: bytes | None,
        operation: Any,
        source: Source,
        values: tuple[Any, ...] | None,
        unavailable: tuple[int, ...],
        unfit: tuple[str, ...],
    ) -> Change:
        name = OPERATIONS.get(operation) if isinstance(operation, str) else None
        if name is None:
            raise Malformed(f"op: expected one of {', '.join(OPERATIONS)}")
        if name in ("delete", "truncate"):
            values, unavailable, unfit = None, (), ()
        elif values is None:
            raise Malformed(f"after: missing in a {name}")
        if not 0 < source.ts_us < LAST_COMMIT:
            raise Malformed("source.ts_us: expected a commit time in microseconds between 1970 and 2106")
        lsn = 0 if name == "read" else source.lsn
        if lsn is None or (lsn <= 0 and name != "read"):
            raise Malformed(f"source.lsn: missing in a {name}")
        found = self.key(key, name)
        if values is not None and found != self.row_key(values):
            raise Malformed(f"key: expected the row's {', '.join(self.table.key)}")
        repair = source.snapshot == REPAIR
        return Change(offset, name, found, lsn, source.ts_us, values, unavailable, unfit, source.txId, repair)

    def key(self, key: bytes | None, operation: str) -> Any:
        if operation == "truncate":
            return None
        if key is None:
            raise Malformed("key: missing")
        try:
            parts = msgspec.structs.astuple(self.read_key(key))
            if self.identifiers:
                parts = tuple([identifier(part) if i in self.identifiers else part for i, part in enumerate(parts)])
        except (msgspec.MsgspecError, RecursionError, ValueError):
            raise Malformed(f"key: expected {', '.join(self.table.key)}") from None
        return parts[0] if len(parts) == 1 else parts


class Placeholder(Exception):
    """A TOASTed value was not sent: the slow path finds out which."""


def convert(value: Any, column: Column, type_: ColumnType) -> Any:
    """One raw value -> what ClickHouse stores; a path leads into a jsonb document."""
    if value in UNAVAILABLE_FORMS and (type_.toast or column.path):
        raise Placeholder
    if (type_.name in PARSED and isinstance(value, str)) or column.path:
        value = parsed(value)
    for step in column.path:
        if not isinstance(value, dict):
            raise Unfit(f"expected a document with {'.'.join(column.path)}, got {kind(value)}")
        value = value.get(step)
        if value is None:
            return type_.empty
    return type_.convert(value)


def parsed(text: Any) -> Any:
    if not isinstance(text, str):
        raise Unfit(f"expected JSON text, got {kind(text)}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unfit("expected JSON text, got something unreadable") from None
