"""Where a statement ends and its rows begin, for texts made to mislead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.clickhouse.errors import StatementError
from deploy.local.clickhouse.statement import Statement, read_statement


@pytest.mark.parametrize(
    ("text", "lane"),
    [
        ("select 1", "read"),
        ("  -- insert into t format Native\n/* drop */ SELECT 'insert into t format CSV' -- ;\n", "read"),
        ("with 1 as insert select insert", "read"),
        ("(select 1)", "read"),
        ("show tables", "read"),
        ("describe table t", "read"),
        ("explain select 1", "read"),
        ("exists t", "read"),
        ("create table format (x Int8) engine = Memory", "other"),
        ("insert into t select * from s", "other"),
        ("insert into t with 1 as x select x", "other"),
        ("insert into t values (1, 'format CSV')", "other"),
        ("optimize table t final", "other"),
    ],
)
def test_a_statement_goes_to_the_lane_of_its_kind(text: str, lane: str) -> None:
    statement = read_statement(text.encode())
    assert statement.lane == lane
    assert statement.format is None


@pytest.mark.parametrize(
    ("text", "format_name", "data"),
    [
        (b"INSERT INTO t FORMAT Native\n\x00\n\xff", "Native", b"\x00\n\xff"),
        (b"INSERT INTO t (`a`, `format`) FORMAT Native\r\n\n1", "Native", b"\n1"),
        (b"insert into t (x) settings a = 'format CSV' format TSV 1\t2", "TSV", b"1\t2"),
        (b"insert into `select` -- format CSV\n format\nJSONEachRow {}", "JSONEachRow", b"{}"),
        (b"insert into {d:Identifier}.{t:Identifier} FORMAT Native\nx", "Native", b"x"),
        (b"/* a */ insert into t FORMAT CSV", "CSV", b""),
    ],
)
def test_the_rows_of_an_insert_begin_behind_its_format(text: bytes, format_name: str, data: bytes) -> None:
    statement = read_statement(text)
    assert (statement.lane, statement.format, statement.data) == ("insert", format_name, data)


def test_a_final_semicolon_is_no_second_statement() -> None:
    assert read_statement(b"select ';' ; ; -- ; select 2\n") == Statement("select ';' ", "read", leaves_session=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "Empty query"),
        (b" -- nothing\n/* here */", "Empty query"),
        (b"select 1; drop table t", "multi-statements"),
        (b"insert into t select 1; select 2", "multi-statements"),
        (b"select 1 into outfile 'x'", "OUTFILE"),
        (b"insert into t from infile 'x' format CSV", "INFILE"),
        (b"insert into t format", "name of a format"),
        (b"select '\xff'", "not UTF-8 at byte 8"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_reason(text: bytes, reason: str) -> None:
    with pytest.raises(StatementError, match=reason):
        read_statement(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        read_statement(text)
    except StatementError as error:
        assert error.status in (400, 501)


@given(st.binary(max_size=200))
def test_the_rows_of_an_insert_arrive_unchanged(data: bytes) -> None:
    assert read_statement(b"INSERT INTO t FORMAT Native\n" + data).data == data
