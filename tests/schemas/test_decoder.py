"""Recorded Debezium messages, each named by what is odd about it, and what must hold for any bytes at all."""

import json
import math
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.change import Change, Malformed
from schemas.contract import Table
from schemas.decoder import Decoder
from schemas.types import FIRST_INSTANT, LAST_INSTANT, UNAVAILABLE

MESSAGES: Final = Path(__file__).with_name("messages")
ALMATY: Final = ZoneInfo("Asia/Almaty")
KINDS: Final[dict[str, Any]] = {
    "id": "int64",
    "t": {"type": "string"},
    "j": "i18n",
    "first": {"type": "count", "from": "j.a", "reason": "a test"},
    "number": {"type": "float64", "from": "j.b", "reason": "a test"},
    "ta": "strings",
    "ia": "count",
    "n": "decimal",
    "n92": "decimal",
    "u": "uuid",
    "tz": "timestamptz",
    "ts": "timestamp",
    "d": "date",
    "bo": "bool",
    "f4": "float64",
    "f8": "float64",
    "i2": "int16",
    "e": "status",
    "inet": "string",
}


def table(columns: dict[str, Any], *key: str) -> Table:
    entry = {"name": "kinds", "domain": "test", "role": "activity", "columns": columns, "key": key or ("id",)}
    return Table.model_validate(entry)


DECODER: Final = Decoder(table(KINDS), ALMATY)
NAMES: Final = tuple(KINDS)


def recorded(name: str, decoder: Decoder = DECODER) -> list[Change]:
    messages = json.loads((MESSAGES / f"{name}.json").read_text(encoding="utf-8"))
    return [decoder.decode(n, encoded(m["key"]), encoded(m["value"])) for n, m in enumerate(messages)]


def encoded(document: Any) -> bytes | None:
    return None if document is None else json.dumps(document).encode()


def known(change: Change) -> dict[str, Any]:
    """Values that are there, by column."""
    assert change.values is not None
    empty = dict(zip(NAMES, DECODER.empty, strict=True))
    return {n: v for n, v in zip(NAMES, change.values, strict=True) if v != empty[n]}


def unfit(change: Change) -> set[str]:
    return {reason.partition(":")[0] for reason in change.unfit}


def envelope(after: Any, op: str = "c", **source: Any) -> bytes:
    return json.dumps({"op": op, "source": {"ts_us": 1, "lsn": 1, **source}, "after": after}).encode()


def one(decoder: Decoder, **after: Any) -> Change:
    return decoder.decode(0, b'{"id": 1}', envelope({"id": 1, **after}))


def test_every_type_becomes_what_its_column_holds() -> None:
    (change,) = recorded("every_type")
    assert (change.operation, change.key, change.lsn, change.committed_at, change.transaction) == (
        "create", 1, 29820152, 1795382205666902, 898,
    )  # fmt: skip
    assert (change.unfit, change.unavailable) == ((), ())
    instant = 1_795_363_200_123_456
    assert known(change) == {
        "id": 1,
        "t": 'Алматы "q" \\ \u0001 emoji 😀 tab\tnl\n',
        "j": {"a": '[1, null, "x"]', "b": "1.1", "u": "Ж"},
        "first": 3,
        "number": 1.1,
        "ta": ["x", 'y,z"'],
        "ia": 3,
        "n": 12345678901234567890.12345,
        "n92": 1234567.8,
        "u": "0d7c7a3e-7a54-4c8e-8a6e-0d3c3a0b6f11",
        "tz": instant,
        "ts": instant,
        "d": 20779,
        "bo": True,
        "f4": 1.1,
        "f8": 2.2,
        "i2": 7,
        "e": "en",
        "inet": "10.0.0.1",
    }


def test_null_becomes_null_and_where_the_column_has_none_empty() -> None:
    (change,) = recorded("every_value_null")
    assert change.values == (change.key, *DECODER.empty[1:])
    assert change.unfit == ()
    assert (DECODER.empty[NAMES.index("e")], DECODER.empty[NAMES.index("j")]) == ("", {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False), ("null", False), ("false", False), ("0", False), ('""', False), ("{}", False), ("[]", False),
        ('{"active": false, "since": "2024"}', False), ('{"value": 0}', False), (False, False),
        ("true", True), ('{"active": true}', True), ('{"since": "2024"}', True), ('["x"]', True), (True, True),
    ],
)  # fmt: skip
def test_a_flag_is_set_unless_its_value_is_empty_or_says_that_it_is_not(value: Any, expected: bool) -> None:
    change = one(Decoder(table({"id": "int64", "tag": "flag"}), ALMATY), tag=value)
    assert (change.values, change.unfit) == ((1, expected), ())


def test_a_flag_that_was_not_sent_is_unavailable_and_one_that_is_no_json_does_not_fit() -> None:
    flags = Decoder(table({"id": "int64", "tag": "flag"}), ALMATY)
    assert one(flags, tag=UNAVAILABLE).unavailable == (1,)
    assert one(flags, tag="{").unfit == ("tag: expected JSON text, got something unreadable",)


@pytest.mark.parametrize(
    "name", ["time_infinity", "time_minus_infinity", "time_year_0001", "time_bc", "time_year_294276"]
)
def test_an_instant_that_does_not_fit_becomes_null_and_the_row_is_kept(name: str) -> None:
    (change,) = recorded(name)
    assert unfit(change) == {"tz", "ts", "d"}
    assert known(change) == {"id": change.key}


def test_the_last_microsecond_before_1970_is_minus_one() -> None:
    (change,) = recorded("time_before_1970")
    assert known(change)["tz"] == -1


def test_a_whole_second_has_no_fraction() -> None:
    (change,) = recorded("time_whole_second")
    assert known(change)["tz"] % 1_000_000 == 0
    assert change.unfit == ()


def test_a_decimal_that_is_not_finite_becomes_null_but_a_float_may_be() -> None:
    (change,) = recorded("numeric_nan")
    assert unfit(change) == {"n"}
    values = known(change)
    assert math.isnan(values["f4"])
    assert values["f8"] == math.inf
    (change,) = recorded("numeric_infinity")
    assert unfit(change) == {"n"}


def test_an_unchanged_toast_value_is_named_and_never_stored() -> None:
    (change,) = recorded("toast_unchanged")
    assert {NAMES[i] for i in change.unavailable} == {"t", "j", "first", "number", "ta", "ia", "n"}
    assert known(change) == {"id": 30, "e": "changed"}
    assert change.unfit == ()


@pytest.mark.parametrize("column", ["t", "j", "first", "number", "ta", "ia", "n"])
def test_a_placeholder_is_recognised_where_it_is_the_only_odd_value(column: str) -> None:
    """No other column sends the record to the slow path."""
    source = {"first": "j", "number": "j"}.get(column, column)
    form: Any = {"ta": [UNAVAILABLE], "ia": list(UNAVAILABLE.encode())}.get(column, UNAVAILABLE)
    decoder = Decoder(table({"id": "int64", column: KINDS[column]}), ALMATY)
    change = one(decoder, **{source: form})
    assert change.unavailable == (1,)
    assert change.values == (1, decoder.empty[1])


def test_a_primary_key_change_is_a_delete_and_a_create_with_one_lsn() -> None:
    gone, made = recorded("primary_key_change")
    assert (gone.operation, gone.key, gone.values) == ("delete", 1, None)
    assert (made.operation, made.key) == ("create", 1001)
    assert gone.lsn == made.lsn


def test_after_a_primary_key_change_toast_values_are_unavailable() -> None:
    gone, made = recorded("primary_key_change_without_toast")
    assert (gone.key, made.key) == (30, 1030)
    assert {NAMES[i] for i in made.unavailable} == {"t", "j", "first", "number", "ta", "ia", "n"}


def test_of_a_delete_only_the_key_is_read() -> None:
    (change,) = recorded("delete")
    assert (change.operation, change.key, change.values, change.unfit) == ("delete", 2, None, ())


def test_a_truncate_has_no_key() -> None:
    (change,) = recorded("truncate")
    assert (change.operation, change.key, change.values, change.lsn) == ("truncate", None, None, 29923808)


def test_rows_of_a_copy_share_their_lsn() -> None:
    changes = recorded("copy_rows_share_an_lsn")
    assert [change.key for change in changes] == [50, 51, 52]
    assert len({change.lsn for change in changes}) == 1


def test_several_changes_of_a_row_in_one_transaction_are_all_there() -> None:
    changes = recorded("delete_and_insert_in_one_transaction")
    assert [change.operation for change in changes][-2:] == ["delete", "create"]
    assert len({change.committed_at for change in changes}) == 1
    assert [change.lsn for change in changes] == sorted({change.lsn for change in changes})


REQUESTS: Final = Decoder(table({"id": "int64", "service_id": "string", "status": "status"}), ALMATY)


@pytest.mark.parametrize("name", ["incremental_snapshot_without_lsn", "snapshot_first"])
def test_a_snapshot_read_has_no_position_of_its_own(name: str) -> None:
    (change,) = recorded(name, REQUESTS)
    assert (change.operation, change.lsn, change.streamed) == ("read", 0, False)
    assert change.values is not None
    assert change.values[2] == "sent"


def test_a_heartbeat_row_is_an_ordinary_change() -> None:
    heartbeat = Decoder(table({"id": "int64", "ts": "timestamptz", "seq": "int64"}), ALMATY)
    (change,) = recorded("heartbeat_row", heartbeat)
    assert (change.operation, change.values) == ("update", (1, 1795382227721358, 109))


@pytest.mark.parametrize("name", ["heartbeat", "logical_message"])
def test_what_is_no_change_of_a_row_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        recorded(name)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b'{"id": 1}', None, "no value"),
        (b'{"id": 1}', b"\xff", "not JSON"),
        (b'{"id": 1}', b"[]", "expected an envelope"),
        (b'{"id": 1}', b'{"op": "c", "source": {"ts_us": 1, "lsn": 1}, "after": 5}', "after"),
        (b'{"id": 1}', envelope(None), "after"),
        (b'{"id": 1}', envelope({"id": 1}, "x"), "op"),
        (b'{"id": 1}', envelope({"id": 1}, ts_us=0), "ts_us"),
        (b'{"id": 1}', envelope({"id": 1}, ts_us=1 << 53), "ts_us"),
        (b'{"id": 1}', envelope({"id": 1}, lsn=None), "lsn"),
        (b'{"id": 1}', envelope({"id": 1}, lsn=-5), "lsn"),
        (None, envelope({"id": 1}), "key"),
        (b'{"id": "x"}', envelope({"id": 1}), "key"),
        (b'{"id": 2}', envelope({"id": 1}), "key"),
        (b'{"id": 1}', envelope({"id": None}), "key"),
        (b'{"id": 1}', envelope({}), "key"),
        (b'{"id": 18446744073709551615}', envelope(None, "d"), "key"),
    ],
)
def test_an_envelope_operation_or_key_that_cannot_be_read_says_why(
    key: bytes | None, value: bytes | None, reason: str
) -> None:
    with pytest.raises(Malformed, match=reason):
        DECODER.decode(0, key, value)


def test_a_key_fits_its_column() -> None:
    small = Decoder(table({"id": "int32"}), ALMATY)
    with pytest.raises(Malformed, match="key"):
        small.decode(0, b'{"id": 2147483648}', envelope(None, "d"))
    identified = Decoder(table({"id": "uuid"}), ALMATY)
    text = str(uuid.UUID(int=10))
    upper = json.dumps({"id": text.upper()}).encode()
    assert identified.decode(0, upper, envelope({"id": text})).key == text
    with pytest.raises(Malformed, match="key"):
        identified.decode(0, b'{"id": "no uuid"}', envelope(None, "d"))


def test_a_key_of_several_columns_is_a_tuple() -> None:
    decoder = Decoder(table({"a": "int64", "b": "string"}, "b", "a"), ALMATY)
    change = decoder.decode(0, b'{"a": 1, "b": "x"}', envelope({"a": 1, "b": "x"}))
    assert (change.key, change.values) == (("x", 1), (1, "x"))


@pytest.mark.parametrize("value", [10**400, -(10**400), 10**30, "1e999", UNAVAILABLE, [UNAVAILABLE], {"a": "b"}, True])
@pytest.mark.parametrize("column", list(KINDS)[1:])
def test_one_bad_value_costs_that_value_and_not_the_row(column: str, value: Any) -> None:
    decoder = Decoder(table({"id": "int64", column: KINDS[column]}), ALMATY)
    source = {"first": "j", "number": "j"}.get(column, column)
    change = one(decoder, **{source: value})
    assert change.values is not None
    assert change.values[0] == 1
    assert fits(change.values[1], decoder.columns[1][1].clickhouse)


@pytest.mark.parametrize("title", [["\ud800"], {"x": "\udfff"}])
def test_a_lone_surrogate_deep_inside_is_replaced(title: Any) -> None:
    change = one(DECODER, j=json.dumps({"ru": title}), ta=[title])
    assert change.values is not None
    for value in (change.values[NAMES.index("j")], change.values[NAMES.index("ta")]):
        json.dumps(value, ensure_ascii=False).encode()


def test_an_instant_without_zone_is_not_taken_for_local_time_of_the_machine() -> None:
    assert unfit(one(DECODER, tz="2026-11-22T16:00:00")) == {"tz"}


def test_a_timestamp_without_zone_is_in_the_reporting_zone_and_almaty_changed_its_offset() -> None:
    before, after = one(DECODER, ts="2024-02-29T12:00:00Z"), one(DECODER, ts="2024-03-01T12:00:00Z")
    day = 86_400_000_000
    assert known(after)["ts"] - known(before)["ts"] == day + day // 24


def fits(value: Any, clickhouse: str) -> bool:
    """Whether a client can insert the value into a column of this type."""
    if clickhouse.startswith("Nullable("):
        return value is None or fits(value, clickhouse.removeprefix("Nullable(").removesuffix(")"))
    if clickhouse.startswith("Int"):
        bits = int(clickhouse[3:])
        return type(value) is int and -(1 << bits - 1) <= value < 1 << bits - 1
    if clickhouse.startswith("DateTime64"):
        return type(value) is int and FIRST_INSTANT <= value <= LAST_INSTANT
    if "String" in clickhouse and "(" in clickhouse and not clickhouse.startswith("Low"):
        items = [*value, *value.values()] if clickhouse.startswith("Map") else value
        return all(fits(item, "String") for item in items)
    checks: dict[str, Callable[[], bool]] = {
        "UInt32": lambda: type(value) is int and 0 <= value < 1 << 32,
        "Float64": lambda: type(value) is float,
        "Bool": lambda: type(value) is bool,
        "UUID": lambda: str(uuid.UUID(value)) == value,
        "Date32": lambda: type(value) is int and FIRST_INSTANT <= value * 86_400_000_000 <= LAST_INSTANT,
    }
    if clickhouse in checks:
        return checks[clickhouse]()
    return type(value) is str and value.encode().decode() == value


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(
        [UNAVAILABLE, [UNAVAILABLE], list(UNAVAILABLE.encode()), "infinity", "2026-11-22Z", "NaN", "\ud800"]
    )
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
texts = st.one_of(anything, anything.map(json.dumps))
rows = st.fixed_dictionaries({"id": st.just(1)}, optional=dict.fromkeys([*NAMES[1:], "js"], texts))
positions = st.fixed_dictionaries(
    {"ts_us": st.integers(-1, 1 << 53) | anything}, optional={"lsn": st.integers(-1, 1 << 64), "txId": anything}
)
envelopes = st.fixed_dictionaries(
    {},
    optional={"op": st.sampled_from("cudtrmx") | anything, "source": positions | anything, "after": rows | anything},
)
keys = st.one_of(
    st.none(), st.binary(), st.just(b'{"id": 1}'), anything.map(lambda key: json.dumps({"id": key}).encode())
)


@given(key=keys, value=st.one_of(st.binary(), envelopes.map(lambda e: json.dumps(e).encode())))
@example(key=None, value=b'{"op":"u","source":"\\ud800","after":null}')
def test_decode_raises_only_malformed_whatever_the_bytes(key: bytes | None, value: bytes) -> None:
    try:
        change = DECODER.decode(0, key, value)
    except Malformed:
        return
    assert change.operation == "truncate" or change.key == 1 or change.values is None


@pytest.mark.parametrize("depth", [200, 900, 990, 1000, 100_000])
def test_depth_is_not_too_much_for_it(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for column in ("j", "ta", "n", "e", "i2"):
        for text in (nested, json.dumps(nested), json.dumps(f'{{"a": {nested}}}')):
            value = b'{"op":"c","source":{"ts_us":1,"lsn":1},"after":{"id":1,"%s":%s}}' % (
                column.encode(),
                text.encode(),
            )
            try:
                DECODER.decode(0, b'{"id": 1}', value)
            except Malformed:
                continue


@given(rows)
def test_whatever_values_come_every_decoded_one_fits_its_column(after: dict[str, Any]) -> None:
    change = DECODER.decode(0, b'{"id": 1}', envelope(after))
    assert change.values is not None
    for value, (column, type_) in zip(change.values, DECODER.columns, strict=True):
        assert fits(value, type_.clickhouse), column.name


instants = st.datetimes(min_value=datetime(1899, 12, 31), max_value=datetime(2300, 1, 2)).map(
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
)
documents = st.dictionaries(st.sampled_from(["ru", "kk", "en", "a", "b"]), st.text() | st.integers() | st.none())
well_formed = st.fixed_dictionaries(
    {"id": st.just(1)},
    optional={
        "t": st.text() | st.none(),
        "j": documents.map(json.dumps) | st.just(UNAVAILABLE) | st.none(),
        "ta": st.lists(st.text() | st.none()) | st.just([UNAVAILABLE]),
        "ia": st.lists(st.integers(-5, 5)),
        "n": st.decimals(allow_nan=False, allow_infinity=False).map(str)
        | st.sampled_from(["NAN", "POSITIVE_INFINITY"]),
        "u": st.uuids().map(str) | st.none(),
        "tz": instants | st.sampled_from(["infinity", "-infinity", None]),
        "ts": instants,
        "d": st.dates().map(lambda day: f"{day}Z"),
        "bo": st.booleans() | st.none(),
        "f8": st.floats(allow_nan=False, allow_infinity=False),
        "i2": st.integers(-(1 << 15), (1 << 15) - 1),
        "e": st.text(),
    },
)


@given(well_formed)
def test_the_fast_and_the_slow_path_agree(after: dict[str, Any]) -> None:
    value = envelope(after)
    assert DECODER.decode(0, b'{"id": 1}', value) == DECODER.decode_slowly(0, b'{"id": 1}', value)
