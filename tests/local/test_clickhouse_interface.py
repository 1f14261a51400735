"""The HTTP interface of a real process, with ClickHouse's own client and with bare requests."""

import asyncio
import gzip
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import clickhouse_connect
import lz4.frame
import pytest
import requests
import zstandard
from clickhouse_connect.driver.exceptions import DatabaseError

from deploy.local.clickhouse.compression import Malformed, TooLarge, decompress
from tests.local.clickhouse_process import PASSWORD, Interface, free_port, start, wait_until_up


@pytest.fixture
def client(interface: Interface) -> Iterator[Any]:
    client = clickhouse_connect.get_client(
        dsn=f"http://techhub:{quote(PASSWORD, safe='')}@127.0.0.1:{interface.port}", autogenerate_session_id=False
    )
    yield client
    client.close()


@pytest.fixture
def table(interface: Interface) -> Iterator[str]:
    """An empty table with a deduplication window, so that a leaked token would show."""
    name = f"t_{uuid.uuid4().hex}"
    interface.ask(
        f"create table {name} (x UInt32, s String) engine = MergeTree order by x "
        "settings non_replicated_deduplication_window = 100"
    )
    yield name
    interface.ask(f"drop table {name}")


def native(interface: Interface, rows: int) -> bytes:
    sql = f"select toUInt32(number) as x, toString(number) as s from numbers({rows}) format Native"
    answer = interface.post(sql)
    return bytes(answer.content)


def test_ping_needs_no_password(interface: Interface) -> None:
    assert requests.get(interface.url + "ping", timeout=5).text == "Ok.\n"
    assert requests.get(interface.url, timeout=5).text == "Ok.\n"


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_the_client_inserts_and_reads_rows(interface: Interface, table: str, compress: Any) -> None:
    client = clickhouse_connect.get_client(
        host="127.0.0.1", port=interface.port, username="techhub", password=PASSWORD, compress=compress
    )
    rows = [[number, f"ru 'ы' \\ \n{number}"] for number in range(5000)]
    summary = client.insert(table, rows, column_names=["x", "s"], settings={"async_insert": 0})
    assert summary.written_rows == 5000
    assert client.query(f"select * from {table} order by x").result_rows == [tuple(row) for row in rows]
    client.close()


def test_the_async_client_inserts_and_reads_in_parallel(interface: Interface, table: str) -> None:
    async def scenario() -> list[int]:
        client = await clickhouse_connect.get_async_client(
            host="127.0.0.1",
            port=interface.port,
            username="techhub",
            password=PASSWORD,
            compress="lz4",
            autogenerate_session_id=False,
        )
        await asyncio.gather(*(client.insert(table, [[number, "a"]], column_names=["x", "s"]) for number in range(20)))
        answers = await asyncio.gather(*(client.query(f"select count() from {table}") for _ in range(10)))
        await client.close()
        return [answer.result_rows[0][0] for answer in answers]

    assert asyncio.run(scenario()) == [20] * 10


def test_parameters_keep_quotes_lines_and_arrays(client: Any) -> None:
    text = "o'q \\ \n\t{x:UInt8} ы"
    sql = "select {s:String} s, {a:Array(String)} a, {n:Nullable(Int32)} n, {i:Identifier} i from (select 7 as z)"
    row = client.query(sql, parameters={"s": text, "a": ["x'y", "z"], "n": -5, "i": "z"}).result_rows[0]
    assert row == (text, ["x'y", "z"], -5, 7)


def test_parameters_too_long_for_an_address_arrive_as_a_form(interface: Interface) -> None:
    ids = "[" + ",".join(str(number) for number in range(50_000)) + "]"
    form = {"query": (None, "select length({ids:Array(UInt32)})"), "param_ids": (None, ids)}
    answer = requests.post(interface.url, files=form, auth=("techhub", PASSWORD.encode()), timeout=30)
    assert (answer.status_code, answer.text) == (200, "50000\n")


def test_the_client_sends_long_parameters_as_a_form(interface: Interface) -> None:
    client = clickhouse_connect.get_client(
        host="127.0.0.1", port=interface.port, username="techhub", password=PASSWORD, form_encode_query_params=True
    )
    ids = list(range(20_000))
    answer = client.query("select length({ids:Array(UInt32)}) as n settings max_threads = 1", parameters={"ids": ids})
    assert answer.result_rows == [(20_000,)]
    client.close()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("", bytes),
        ("lz4", lz4.frame.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("gzip", gzip.compress),
    ],
)
@pytest.mark.parametrize("in_address", [True, False])
def test_rows_arrive_however_packed(
    interface: Interface, table: str, encoding: str, pack: Callable[[bytes], bytes], in_address: bool
) -> None:
    rows = native(interface, 1000)
    head = f"INSERT INTO {table} (x, s) FORMAT Native"
    headers = {"Content-Encoding": encoding} if encoding else {}
    if in_address:
        answer = interface.post(pack(rows), headers, query=head)
    else:
        answer = interface.post(pack(head.encode() + b"\n" + rows), headers)
    assert answer.status_code == 200, answer.text
    assert '"written_rows": "1000"' in answer.headers["X-ClickHouse-Summary"]
    assert interface.ask(f"select count(), sum(x), max(s) from {table}") == "1000\t499500\t999\n"


def test_a_deduplication_token_does_not_reach_the_next_insert(interface: Interface, table: str) -> None:
    for number in range(50):
        token = {"insert_deduplication_token": "same"} if number % 2 == 0 else {}
        interface.ask(f"insert into {table} format TSV\n{number}\ta\n", **token)
    # the token itself works: 25 inserts carried it and one of them counts
    assert interface.ask(f"select countIf(x % 2 = 0), countIf(x % 2 = 1) from {table}") == "1\t25\n"


def test_settings_and_database_hold_for_one_statement(interface: Interface) -> None:
    database = f"d_{uuid.uuid4().hex}"
    interface.ask(f"create database {database}")
    asked = "select currentDatabase(), value = '3', changed from system.settings where name = 'max_threads'"
    assert interface.ask(asked, database=database, max_threads="3") == f"{database}\t1\t1\n"
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: interface.ask(asked), range(40)))
    assert answers == {"default\t0\t0\n"}
    interface.ask(f"use {database}")
    interface.ask("set max_threads = 3")
    assert interface.ask(asked) == "default\t0\t0\n"
    interface.ask(f"drop database {database}")


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ("select value = '3' from system.settings where name = 'max_threads' settings max_threads = 3", {}),
        ("select {x:UInt8} = 1", {"param_x": "1"}),
        ("select 1 format JSONCompact", {}),
        ("with 1 as known select known", {}),
    ],
)
def test_what_a_read_brings_along_does_not_reach_the_next(interface: Interface, asked: str, fields: Any) -> None:
    """Reads share connections: each thread answers several times."""
    settings = "select changed from system.settings where name = 'max_threads'"
    for _ in range(6):
        assert "1" in interface.ask(asked, **fields)
        assert interface.ask(settings) == "0\n"
        assert "UNKNOWN_QUERY_PARAMETER" in interface.post("select {x:UInt8}").text
        assert "UNKNOWN_IDENTIFIER" in interface.post("select known").text


@pytest.mark.parametrize(
    "sql", ["create temporary table passing (x Int8)", "CREATE OR REPLACE TEMPORARY TABLE passing AS SELECT 1 AS x"]
)
def test_a_temporary_table_ends_with_its_statement(interface: Interface, sql: str) -> None:
    interface.ask(sql)
    assert {interface.post("create table passing_too as passing").ok for _ in range(6)} == {False}


def test_a_database_that_was_made_anew_is_read(interface: Interface) -> None:
    for number in range(6):
        interface.ask("create database again")
        interface.ask(f"create table again.t engine = MergeTree order by x as select {number} as x")
        assert interface.ask("select x from t", database="again") == f"{number}\n"
        interface.ask("drop database again")
        assert interface.post("select x from t", database="again").status_code == 404


@pytest.mark.parametrize(
    ("sql", "fields", "code", "status"),
    [
        ("selec 1", {}, "62", 400),
        ("select * from no_such_table", {}, "60", 404),
        ("select 1", {"database": "no_such"}, "81", 404),
        ("select no_such_function(1)", {}, "46", 404),
        ("select throwIf(1)", {}, "395", 500),
        ("select 1", {"no_such_setting": "1"}, "115", 404),
        ("select 1", {"a b": "1"}, "36", 400),
        ("select 1 format NoSuch", {}, "73", 400),
        ("select 1; select 2", {}, "62", 400),
        ("", {}, "62", 400),
        ("insert into no_such_table format Native\nxxxx", {}, "60", 404),
        ("insert into function null('x Int8') format TSV\nzz\n", {}, "27", 400),
        ("select sleep(3)", {"max_execution_time": "1"}, "159", 408),
    ],
)
def test_an_error_has_clickhouses_own_code(
    interface: Interface, sql: str, fields: dict[str, str], code: str, status: int
) -> None:
    answer = interface.post(sql, **fields)
    assert answer.headers["X-ClickHouse-Exception-Code"] == code
    assert answer.status_code == status
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")


def test_the_client_reads_the_error(client: Any) -> None:
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        client.query("select * from no_such_table")


@pytest.mark.parametrize("rows", [b"garbage" * 50, b"\x01", b"\xff" * 9])
def test_broken_rows_are_refused_and_leave_nothing(interface: Interface, table: str, rows: bytes) -> None:
    answer = interface.post(f"INSERT INTO {table} FORMAT Native\n".encode() + rows)
    assert 400 <= answer.status_code <= 500
    assert answer.text.startswith("Code: ")
    assert interface.ask(f"select count() from {table}") == "0\n"


@pytest.mark.parametrize("extra", ["", "settings async_insert = 0"])
def test_rows_that_a_table_refuses_are_not_acknowledged(interface: Interface, extra: str) -> None:
    """chDB's own insert of rows says that all is well: a full disk lost what the worker had been told was there."""
    name = f"t_{uuid.uuid4().hex}"
    interface.ask(
        f"create table {name} (x UInt32, constraint small check x < 10) engine = MergeTree order by x "
        "settings parts_to_delay_insert = 1, parts_to_throw_insert = 2, max_delay_to_insert = 1"
    )
    interface.ask(f"system stop merges {name}")

    def insert(number: int) -> tuple[int, str | None]:
        rows = f'{{"x":{number}}}'.encode()
        answer = interface.post(f"insert into {name} {extra} format JSONEachRow\n".encode() + rows)
        return answer.status_code, answer.headers.get("X-ClickHouse-Exception-Code")

    assert insert(10) == (500, "469")
    assert [insert(number) for number in range(4)] == [(200, None), (200, None), (500, "252"), (500, "252")]
    assert interface.ask(f"select count(), sum(x) from {name}") == "2\t1\n"
    interface.ask(f"drop table {name}")


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("select 1 as x format JSONEachRow", '{"x":1}\n'),
        ("select 1 as x -- format CSV\n", "1\n"),
        ("select 'insert into t format Native' as format", "insert into t format Native\n"),
        (
            "/* insert into t\n format CSV */ select\n'a;b' as x\nsettings max_threads = 1\nformat JSONEachRow;",
            '{"x":"a;b"}\n',
        ),
        ("select 1 as insert union all select 2 settings max_threads = 1 format CSV", "1\n2\n"),
        ("with 5 as n select n", "5\n"),
        ("exists no_such_table", "0\n"),
        ("show databases like 'default'", "default\n"),
        ("explain select 1 format TSV", "Output: 1\\n\\nReadFromSystemOne\n"),
        ("select timezone()", "UTC\n"),
    ],
)
def test_statements_that_are_hard_to_read(interface: Interface, sql: str, answer: str) -> None:
    got = interface.ask(sql)
    if sql.startswith("explain"):
        assert "ReadFromSystemOne" in got
    else:
        assert got == answer


def test_the_asked_default_format_is_used(interface: Interface) -> None:
    assert interface.ask("select 1 as x", default_format="JSONEachRow") == '{"x":1}\n'
    assert interface.post("select 1 as x", {"X-ClickHouse-Format": "CSVWithNames"}).text == '"x"\n1\n'


def test_insert_select_values_and_ddl(interface: Interface, table: str) -> None:
    interface.ask(f"insert into {table} select number, 'format Native' from numbers(3)", max_insert_threads="1")
    interface.ask(f"insert into {table} values (10, 'a;b'), (11, 'format')")
    interface.ask("(12, 'c')", query=f"insert into {table} values")
    interface.ask(f"alter table {table} add column y UInt8 default 1")
    interface.ask('insert into {t:Identifier} (x) format JSONEachRow\n{"x": 13}', param_t=table)
    assert interface.ask(f"select count(), sum(x), sum(y) from {table}") == "7\t49\t7\n"
    assert interface.ask(f"describe table {table}").count("\n") == 3
    assert f"CREATE TABLE default.{table}" in interface.ask(f"show create table {table}")
    interface.ask(f"optimize table {table} final")


def test_a_get_cannot_change_anything(interface: Interface) -> None:
    identity = {"X-ClickHouse-User": "techhub", "X-ClickHouse-Key": PASSWORD.encode().decode("latin-1")}

    def get(sql: str) -> requests.Response:
        return requests.get(interface.url, params={"query": sql}, headers=identity, timeout=10)

    assert get("select 1").text == "1\n"
    assert get("create table never (x Int8) engine = Memory").headers["X-ClickHouse-Exception-Code"] == "164"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-ClickHouse-User": "techhub"},
        {"X-ClickHouse-User": "techhub", "X-ClickHouse-Key": "wrong"},
        {"X-ClickHouse-User": "default", "X-ClickHouse-Key": PASSWORD.encode().decode("latin-1")},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic dGVjaGh1Yjp3cm9uZw=="},
        {"Authorization": "Bearer x"},
    ],
)
def test_without_the_password_nothing_is_run(interface: Interface, headers: dict[str, str]) -> None:
    answer = requests.post(interface.url, data="select 1", headers=headers, timeout=10)
    assert answer.status_code == 403
    assert answer.headers["X-ClickHouse-Exception-Code"] == "516"


def test_slow_reads_do_not_hold_up_inserts(interface: Interface, table: str) -> None:
    slow = "select sleepEachRow(0.5) from numbers(60) settings max_block_size = 1"
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(interface.post, slow, max_execution_time="4") for _ in range(4)]
        for number in range(10):
            interface.ask(f"insert into {table} format TSV\n{number}\ta\n")
        inserted_first = not any(read.done() for read in reads)
        assert all(read.result().headers["X-ClickHouse-Exception-Code"] == "159" for read in reads)
    assert inserted_first
    assert interface.ask(f"select count() from {table}") == "10\n"


def test_many_at_once_are_all_answered(interface: Interface, table: str) -> None:
    def one(number: int) -> str:
        if number % 2:
            return interface.ask(f"insert into {table} format TSV\n{number}\ta\n")
        return interface.ask("select {n:UInt32}", param_n=str(number)).strip()

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(one, range(200)))
    assert answers == [str(number) if number % 2 == 0 else "" for number in range(200)]
    assert interface.ask(f"select count() from {table}") == "100\n"


def raw(interface: Interface, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", interface.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(4096)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_malformed_request_gets_400(interface: Interface, request_bytes: bytes) -> None:
    assert raw(interface, request_bytes).split(b" ")[1] in (b"400", b"403", b"414")


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_an_insert_of_several_blocks_arrives_whole(interface: Interface, table: str, compress: Any) -> None:
    """The client packs each block by itself, here of 16,384 rows."""
    rows, text = 40_000, "s" * 100
    with clickhouse_connect.get_client(
        host="127.0.0.1", port=interface.port, username="techhub", password=PASSWORD, compress=compress
    ) as client:
        client.insert(table, [range(rows), [text] * rows], column_names=["x", "s"], column_oriented=True)
        assert client.query(f"select count(), max(x) from {table}").result_rows == [(rows, rows - 1)]


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("lz4", lz4.frame.compress), ("zstd", zstandard.ZstdCompressor().compress), ("gzip", gzip.compress)],
)
def test_packed_parts_one_after_the_other_are_one_body(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    parts = [b"select ", b"1", b" " * 1000]
    assert decompress(b"".join(map(pack, parts)), encoding, limit=1008) == b"".join(parts)
    with pytest.raises(TooLarge):
        decompress(b"".join(map(pack, parts)), encoding, limit=1007)


@pytest.mark.parametrize(("encoding", "pack"), [("lz4", lz4.frame.compress), ("gzip", gzip.compress)])
def test_a_last_part_that_is_cut_is_no_body(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Malformed):
        decompress(pack(b"select ") + pack(b"1")[:-1], encoding, limit=1000)


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip", "snappy"])
def test_a_body_that_is_not_packed_as_it_says_gets_400(interface: Interface, encoding: str) -> None:
    assert interface.post(b"select 1", {"Content-Encoding": encoding}).status_code == 400


def test_a_truncated_body_gets_400(interface: Interface) -> None:
    packed = lz4.frame.compress(b"select 1" + b" " * 1000)
    assert interface.post(packed[:-10], {"Content-Encoding": "lz4"}).status_code == 400


def test_a_body_over_the_limit_is_refused_before_it_is_read(interface: Interface) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: techhub\r\nX-ClickHouse-Key: " + PASSWORD.encode()
    answer = raw(interface, head + b"\r\nContent-Length: 99999999999\r\n\r\nselect 1")
    assert b" 413 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("lz4", lz4.frame.compress), ("zstd", zstandard.ZstdCompressor().compress), ("gzip", gzip.compress)],
)
def test_a_body_may_unpack_to_the_limit_and_no_further(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    assert decompress(pack(b" " * 1000), encoding, limit=1000) == b" " * 1000
    with pytest.raises(TooLarge):
        decompress(pack(b" " * 10_000_000), encoding, limit=1000)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example"])
def test_it_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    process = start(tmp_path, free_port(), "--host", host)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"expected a loopback address" in errors


def test_a_second_process_is_told_who_has_the_directory(interface: Interface) -> None:
    second = start(interface.directory, free_port())
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 3
    assert f"in use by pid {interface.process.pid}".encode() in errors


def test_a_taken_port_is_named(interface: Interface, tmp_path: Path) -> None:
    second = start(tmp_path, interface.port)
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 3
    assert f"port {interface.port}".encode() in errors


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_rows_are_there_after_the_process_ended(tmp_path: Path, ending: signal.Signals) -> None:
    port = free_port()
    running = Interface(port, tmp_path, start(tmp_path, port))
    try:
        wait_until_up(running)
        running.ask("create table t (x UInt32) engine = MergeTree order by x")
        running.ask("insert into t format TSV\n1\n2\n")
        running.process.send_signal(ending)
        _, errors = running.process.communicate(timeout=20)
        assert running.process.returncode == (0 if ending == signal.SIGTERM else -signal.SIGKILL), errors
        running = Interface(port, tmp_path, start(tmp_path, port))
        wait_until_up(running)
        assert running.ask("select sum(x) from t") == "3\n"
    finally:
        running.process.kill()
        running.process.communicate()


def test_a_running_statement_ends_before_the_process(tmp_path: Path) -> None:
    port = free_port()
    running = Interface(port, tmp_path, start(tmp_path, port))
    answers: list[str] = []
    try:
        wait_until_up(running)
        asking = threading.Thread(target=lambda: answers.append(running.ask("select sleepEachRow(1) from numbers(2)")))
        asking.start()
        while running.ask("select count() from system.processes where query like '%sleepEachRow(1)%'") == "1\n":
            pass
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=20) == 0
        asking.join()
    finally:
        running.process.kill()
        running.process.communicate()
    assert answers == ["0\n0\n"]


def test_the_password_is_not_on_the_command_line(interface: Interface) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("needs /proc")
    assert PASSWORD.encode() not in Path(f"/proc/{interface.process.pid}/cmdline").read_bytes()
