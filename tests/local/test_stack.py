"""The stack as its users meet it: found again, mended, named when a part dies, and gone when it is down."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clickhouse_connect
import psutil
import psycopg
import pytest
import requests
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from deploy.local import state
from deploy.local.clickhouse import part as clickhouse_part
from deploy.local.jars import DEBEZIUM, KAFKA, locked
from deploy.local.processes import Running, alive, stop
from deploy.local.stack import Addresses, Stack
from deploy.local.starting import Event
from schemas.errors import Problem, Unreachable, Usage


def pids(addresses: Addresses) -> dict[str, int]:
    known = state.load(addresses.directory)
    assert known is not None
    return {part: running.pid for part, running in known.running.items()}


def stacks(addresses: Addresses) -> Stack:
    return Stack(addresses.directory.parent)


def test_every_part_answers(stack: Addresses) -> None:
    with psycopg.connect(stack.postgres_dsn) as connection:
        assert connection.execute("show wal_level").fetchone() == ("logical",)
        assert connection.execute("show max_slot_wal_keep_size").fetchone() != ("-1",)
        rights = "select rolsuper, rolcreaterole, rolreplication from pg_roles where rolname = current_user"
        assert connection.execute(rights).fetchone() == (False, True, True)
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap})
    assert len(admin.list_topics(timeout=10).brokers) == 1
    plugins = requests.get(f"{stack.connect_url}/connector-plugins", timeout=10).json()
    assert {"io.debezium.connector.postgresql.PostgresConnector"} <= {plugin["class"] for plugin in plugins}
    client = clickhouse_connect.get_client(dsn=stack.clickhouse_dsn)
    assert client.query("select timezone()").result_rows == [("UTC",)]
    client.close()


def test_the_owner_makes_the_connectors_role_and_publication(stack: Addresses) -> None:
    with psycopg.connect(stack.postgres_dsn) as connection:
        connection.execute("create role probe login replication password 'x' connection limit 3")
        connection.execute("create table probed (id int primary key)")
        connection.execute("grant select (id) on probed to probe")
        connection.execute("create publication probing for table probed")
        connection.rollback()


def test_a_wrong_password_is_refused(stack: Addresses) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stack.postgres_dsn.replace("techhub:", "techhub:wrong", 1))


def test_up_again_changes_nothing(stack: Addresses) -> None:
    before = pids(stack)
    events: list[Event] = []
    assert stacks(stack).up("tests", events.append) == stack
    assert pids(stack) == before
    assert {event.phase for event in events} == {"running"}
    assert stacks(stack).read("tests") == stack


def test_a_part_that_died_is_started_again_with_its_data(stack: Addresses) -> None:
    before = pids(stack)
    with clickhouse_connect.get_client(dsn=stack.clickhouse_dsn) as client:
        client.command("create table kept (x UInt8) engine = MergeTree order by x")
        client.command("insert into kept values (7)")
    os.kill(before["clickhouse"], signal.SIGKILL)
    wait_until_dead(stack, "clickhouse")
    assert stacks(stack).running("tests") == {"postgres": True, "kafka": True, "connect": True, "clickhouse": False}
    assert stacks(stack).up("tests") == stack
    after = pids(stack)
    assert after["clickhouse"] != before["clickhouse"]
    assert {part for part in before if before[part] == after[part]} == {"postgres", "kafka", "connect"}
    with clickhouse_connect.get_client(dsn=stack.clickhouse_dsn) as client:
        assert client.query("select x from kept").result_rows == [(7,)]
        client.command("drop table kept")


def wait_until_dead(stack: Addresses, part: str) -> None:
    deadline = time.monotonic() + 10
    while stacks(stack).running("tests")[part]:
        assert time.monotonic() < deadline, f"{part} is still there"
        time.sleep(0.05)


def test_a_whole_stack_comes_back_as_it_was(stack: Addresses) -> None:
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap})
    admin.create_topics([NewTopic("kept", 3, 1)])["kept"].result(timeout=10)
    with psycopg.connect(stack.postgres_dsn) as connection:
        connection.execute("create table kept (x int)")
    before = pids(stack)
    assert stacks(stack).down("tests")
    assert not any(psutil.pid_exists(pid) for pid in before.values())
    assert stacks(stack).up("tests") == stack
    with psycopg.connect(stack.postgres_dsn) as connection:
        connection.execute("drop table kept")
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap})
    assert len(admin.list_topics("kept", timeout=10).topics["kept"].partitions) == 3
    admin.delete_topics(["kept"])["kept"].result(timeout=10)


def test_secrets_are_for_their_owner_only_and_on_no_command_line(stack: Addresses) -> None:
    assert all(file.stat().st_mode & 0o077 == 0 for file in (stack.directory / "secrets").iterdir())
    secrets = {file.read_text().removeprefix("password=").strip() for file in (stack.directory / "secrets").iterdir()}
    for pid in pids(stack).values():
        assert not secrets & set(" ".join(psutil.Process(pid).cmdline()).replace("=", " ").split())
    assert not any(secret in repr(stack) for secret in secrets)
    logs = "".join(file.read_text(errors="replace") for file in (stack.directory / "logs").iterdir())
    assert not any(secret in logs for secret in secrets)


def test_only_loopback_is_listened_on(stack: Addresses) -> None:
    for pid in pids(stack).values():
        listening = [each for each in psutil.Process(pid).net_connections("inet") if each.status == psutil.CONN_LISTEN]
        assert {each.laddr.ip.removeprefix("::ffff:") for each in listening} == {"127.0.0.1"}


def test_env_prints_what_the_other_commands_need(stack: Addresses) -> None:
    command = "import typer; from ops import stack; app = typer.Typer(); stack.register(app); app()"
    environment = os.environ | {"TECHHUB_LOCAL_DIRECTORY": str(stack.directory.parent)}
    run = [sys.executable, "-c", command, "env", "--name", "tests"]
    shown = subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
    sourced = subprocess.run(["sh", "-c", f"{shown}\nenv"], capture_output=True, text=True, check=True).stdout
    assert {f"{name}={value}" for name, value in stack.environment().items()} <= set(sourced.splitlines())
    assert stack.environment()["TECHHUB_CONNECTOR_PASSWORD_REFERENCE"].startswith("${file:/")


def test_a_session_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import os, sys, subprocess; from pathlib import Path; from conftest import PURGE_WHEN_ORPHANED\n"
        "from deploy.local.stack import Stack; from deploy.local.clickhouse import part\n"
        "watch = [sys.executable, '-c', PURGE_WHEN_ORPHANED, sys.argv[1], 'one']\n"
        "watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)\n"
        "Stack(Path(sys.argv[1]), parts=[part.PART], with_source=False).up('one')\n"
        "os.kill(os.getpid(), 9)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment)
    deadline = time.monotonic() + 30
    while (tmp_path / "one").exists() or [
        each for each in psutil.process_iter() if str(tmp_path) in command_line(each)
    ]:
        assert time.monotonic() < deadline, "the stack is still there"
        time.sleep(0.05)


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Stack]:
    """A stack of ClickHouse only, without a source: quick to start and to break."""
    one = Stack(tmp_path / "stacks", parts=[clickhouse_part.PART], with_source=False)
    yield one
    one.down("one", purge=True)


def test_a_part_that_dies_while_starting_is_named_with_its_log(alone: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "stacks" / "one" / "clickhouse"
    folder.mkdir(parents=True)
    (folder / "data").write_text("not a directory")
    with pytest.raises(Problem, match=r"clickhouse ended while it was starting; the last lines of .*clickhouse\.log:"):
        alone.up("one")
    assert alone.running("one") == {"clickhouse": False}


def test_data_stays_over_down_and_goes_with_purge(alone: Stack) -> None:
    first = alone.up("one")
    pid = pids(first)["clickhouse"]
    with clickhouse_connect.get_client(dsn=first.clickhouse_dsn) as client:
        client.command("create table t (x UInt8) engine = MergeTree order by x")
    assert alone.down("one")
    assert not psutil.pid_exists(pid)
    assert alone.up("one") == first
    with clickhouse_connect.get_client(dsn=first.clickhouse_dsn) as client:
        assert client.query("select count() from t").result_rows == [(0,)]
    pid = pids(first)["clickhouse"]
    assert alone.down("one", purge=True)
    assert not psutil.pid_exists(pid)
    assert not first.directory.exists()
    assert alone.read("one") is None
    assert not alone.down("one")


def test_two_at_once_start_one_stack(alone: Stack, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from deploy.local.stack import Stack; from deploy.local.clickhouse import part\n"
        "print(Stack(Path(sys.argv[1]), parts=[part.PART], with_source=False).up('one').clickhouse_dsn)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "stacks")]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: subprocess.run(command, capture_output=True, text=True), range(2)))
    assert [each.returncode for each in both] == [0, 0], both[0].stderr + both[1].stderr
    assert both[0].stdout == both[1].stdout


def test_a_taken_port_is_named(alone: Stack) -> None:
    addresses = alone.up("one")
    alone.down("one")
    port = int(addresses.clickhouse_dsn.rpartition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(Unreachable, match=f"port {port}"):
            alone.up("one")


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Usage, match="TECHHUB_LOCAL_DIRECTORY"):
        Stack(tmp_path / "file").up("one")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-x", "x" * 50, ".x"])
def test_a_name_that_is_no_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Usage, match="stack name"):
        Stack(tmp_path).up(name)


def test_somebody_elses_process_is_left_alone() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        recycled = Running(process.pid, psutil.Process(process.pid).create_time() - 60, signal.SIGKILL)
        assert not alive(recycled)
        stop(recycled, 1)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_the_lock_holds_one_version_of_kafka_and_debezium() -> None:
    versions = {group: set[str]() for group in ("org.apache.kafka", "io.debezium")}
    for jar in locked():
        group, _, version = jar.coordinate.split(":")
        if group in versions:
            versions[group].add(version)
    assert versions == {"org.apache.kafka": {KAFKA}, "io.debezium": {DEBEZIUM}}
    assert all(len(jar.sha256) == 64 for jar in locked())
