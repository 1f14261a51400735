"""Capture on the real parts: PostgreSQL, Kafka, Kafka Connect and Debezium.

Each capture has names of its own (connector, slot, publication, role, topics, and a table that only it captures), so
that these tests may share a stack with others.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
import requests
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors import catalogue, guard, positions, topics
from connectors.apply import Applied, apply, pending_sql
from connectors.delete import delete
from connectors.delivered import delivered_offset
from connectors.errors import CaptureLost, Refused, Unreachable
from connectors.health import health
from connectors.kafka import kafka_config
from connectors.postgres import HEARTBEAT_QUERY
from connectors.reader import reader_statements
from connectors.rest import Connect
from schemas.contract import Contract, load_contract
from schemas.rows import Partition
from schemas.settings import Settings, load
from streams.agents.pulse import Pulse
from streams.freshness import Beat

pytestmark = pytest.mark.stack

PASSWORD = "a-password-of-the-connector"
SECONDS = 90.0


@dataclass(frozen=True)
class Captured:
    settings: Settings
    contract: Contract
    table: str
    first: Applied

    def again(self, **changes: Any) -> Applied:
        return apply(self.settings.model_copy(update=changes), self.contract, quiet, deadline_seconds=SECONDS)

    def execute(self, statement: str) -> Any:
        assert self.settings.postgres_dsn is not None
        with psycopg.connect(self.settings.postgres_dsn.get_secret_value(), autocommit=True) as connection:
            cursor = connection.execute(statement.replace("TABLE", self.table).encode())
            return cursor.fetchone() if cursor.description else None

    def changes(self, wanted: int) -> list[bytes]:
        """The first `wanted` records of the table's topic, as they are in Kafka."""
        topic = self.contract.topic(self.settings.topic_prefix, self.table)
        consumer = Consumer(kafka_config(self.settings, **{"group.id": "test"}))
        consumer.assign([TopicPartition(topic, 0, 0)])
        found: list[bytes] = []
        deadline = time.monotonic() + 30
        try:
            while len(found) < wanted and time.monotonic() < deadline:
                message = consumer.poll(0.5)
                if message is not None and not message.error():
                    found.append((message.key() or b"") + (message.value() or b""))
        finally:
            consumer.close()
        return found


def quiet(line: str) -> None:
    assert PASSWORD not in line


@contextmanager
def capturing(stack: Any) -> Iterator[Captured]:
    unique = uuid.uuid4().hex[:8]
    settings = load(
        postgres_dsn=stack.postgres_dsn,
        kafka_bootstrap=stack.kafka_bootstrap,
        connect_url=stack.connect_url,
        connector_password=PASSWORD,
        connector_name=f"test-{unique}",
        topic_prefix=f"test-{unique}",
        slot_name=f"test_{unique}",
        publication=f"test_{unique}",
        connector_user=f"test_{unique}",
        heartbeat_seconds=0.5,
    ).model_copy(update={"connector_password_reference": None})
    table = f"probe_{unique}"
    contract = load_contract()
    probe = {"domain": "probe", "role": "activity", "columns": {"id": "int64", "shown": "string"}}
    tables = {**contract.model_dump(by_alias=True, exclude={"tables"}), "tables": {table: probe}}
    contract = contract.model_copy(update={"tables": {**contract.tables, **Contract.model_validate(tables).tables}})
    captured = Captured(settings, contract, table, None)  # type: ignore[arg-type]
    captured.execute("create table TABLE (id bigint primary key, shown text, secret text)")
    captured.execute("insert into TABLE values (1, 'before', 'CANARY-SNAPSHOT')")
    try:
        first = apply(settings, contract, quiet, deadline_seconds=SECONDS)
        yield Captured(settings, contract, table, first)
    finally:
        delete(settings, quiet)
        captured.execute("drop table TABLE")


@pytest.fixture(scope="module")
def captured(stack: Any) -> Iterator[Captured]:
    with capturing(stack) as one:
        yield one


@pytest.fixture
def own_capture(stack: Any) -> Iterator[Captured]:
    """For what leaves a capture broken."""
    with capturing(stack) as one:
        yield one


def as_connector(settings: Settings) -> psycopg.Connection[Any]:
    assert settings.postgres_dsn is not None
    dsn = settings.postgres_dsn.get_secret_value()
    return psycopg.connect(dsn, user=settings.connector_user, password=PASSWORD)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "not within 30 s"


def test_a_heartbeat_comes_through_and_the_capture_is_healthy(captured: Captured) -> None:
    assert captured.first.connector == "created" and captured.first.heartbeat_seconds is not None
    found = health(captured.settings, captured.contract)
    assert found.healthy and found.heartbeat is not None
    assert found.heartbeat.source_id == found.source_id


def test_connect_stores_positions_where_the_setting_says(captured: Captured) -> None:
    heartbeat = health(captured.settings, captured.contract).heartbeat
    position = positions.next_stored(captured.settings, 30)
    assert position is not None and heartbeat is not None and position.lsn >= heartbeat.lsn
    elsewhere = captured.settings.model_copy(update={"connect_offsets_topic": "elsewhere"})
    with pytest.raises(Unreachable, match="elsewhere cannot be read"):
        positions.next_stored(elsewhere, 1)


def test_heartbeats_are_proven_by_stored_positions_and_by_nothing_else(captured: Captured) -> None:
    partition = Partition(captured.contract.topic(captured.settings.topic_prefix, captured.table), 0)

    async def heard(settings: Settings, enough: Callable[[list[Beat]], bool]) -> list[Beat]:
        delivered: asyncio.Queue[Beat] = asyncio.Queue()
        pulse = Pulse(settings, None, lambda: [partition], delivered.put_nowait, lambda _: None)
        beats: list[Beat] = []
        try:
            async with asyncio.timeout(30):
                while not enough(beats):
                    beats.append(await delivered.get())
        finally:
            pulse.stop()
        return beats

    beats = asyncio.run(heard(captured.settings, lambda beats: any(beat.proven_at for beat in beats)))
    proven = next(beat for beat in beats if beat.proven_at)
    assert proven.ends.keys() == {partition} and proven.proven_at <= proven.committed_at
    elsewhere = captured.settings.model_copy(update={"connect_offsets_topic": "elsewhere"})
    beats = asyncio.run(heard(elsewhere, lambda beats: len(beats) > 4))
    assert not any(beat.proven_at or beat.ends for beat in beats)


def test_applying_again_changes_nothing(captured: Captured) -> None:
    second = captured.again()
    assert not second.changed and second.connector == "unchanged" and second.changes == () and second.ran == ()
    with catalogue.connect(captured.settings) as connection:
        assert pending_sql(captured.settings, captured.contract, connection) == ()


def test_the_role_of_the_connector_reads_listed_columns_only(captured: Captured) -> None:
    with as_connector(captured.settings) as connection:
        connection.execute("select id, role from account_user limit 1")
    with as_connector(captured.settings) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select iin from account_user")
    with as_connector(captured.settings) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select count(*) from django_session")


def test_the_role_of_those_who_look_reads_listed_columns_and_raises_the_pulse_only(captured: Captured) -> None:
    user = f"look_{uuid.uuid4().hex[:8]}"
    contract, password = load_contract(), "a-password-of-the-reader"
    role = f"{user}_reader"
    try:
        for statement in reader_statements(contract, captured.settings.model_copy(update={"connector_user": user})):
            captured.execute(statement.text)
        captured.execute(f"alter role {role} password '{password}'")
        assert captured.settings.postgres_dsn is not None
        dsn = captured.settings.postgres_dsn.get_secret_value()
        with psycopg.connect(dsn, user=role, password=password, autocommit=True) as connection:
            assert connection.execute("show statement_timeout").fetchone() == ("1min",)
            source = catalogue.read(connection, captured.contract, captured.settings)
            assert source.slot is not None and source.source_id and source.publication is not None
            connection.execute("select id, role from account_user limit 1")
            connection.execute(HEARTBEAT_QUERY.encode())
            for forbidden in (
                b"select iin from account_user",
                b"select count(*) from django_session",
                b"update account_user set role = role",
                b"insert into cdc.signal values ('x', 'execute-snapshot', '{}')",
                b"delete from cdc.heartbeat",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(forbidden)
    finally:
        captured.execute(f"grant {role} to current_user with inherit true")
        captured.execute(f"drop owned by {role}")
        captured.execute(f"drop role {role}")


def test_an_unlisted_column_never_reaches_its_topic(captured: Captured) -> None:
    captured.execute("insert into TABLE values (2, 'shown', 'CANARY-INSERT')")
    captured.execute("update TABLE set secret = 'CANARY-UPDATE' where id = 2")
    captured.execute("delete from TABLE where id = 2")
    records = captured.changes(4)
    assert len(records) == 4
    assert b"before" in records[0] and b"shown" in records[1]
    assert not any(b"CANARY" in record or b"secret" in record for record in records)


def test_a_row_of_several_megabytes_comes_through(captured: Captured) -> None:
    captured.execute("insert into TABLE values (3, repeat(md5('x'), 150000), null)")
    records = captured.changes(5)
    assert len(records) == 5 and len(records[4]) > 4_000_000
    captured.execute("delete from TABLE where id = 3")


def test_a_changed_setting_is_the_only_difference(captured: Captured) -> None:
    changed = captured.again(heartbeat_seconds=0.25)
    assert changed.connector == "changed"
    assert [(c.name, c.before, c.after) for c in changed.changes] == [("heartbeat.interval.ms", "500", "250")]
    assert captured.again().connector == "changed"


def test_another_number_of_partitions_is_refused_by_name_and_both_numbers(captured: Captured) -> None:
    table = captured.contract.tables[captured.table].model_copy(update={"partitions": 3})
    wider = captured.contract.model_copy(update={"tables": {**captured.contract.tables, captured.table: table}})
    with pytest.raises(Refused, match=r"has 1 partitions, the contract says 3.*rebuild"):
        apply(captured.settings, wider, quiet, deadline_seconds=SECONDS)


def test_topics_have_ids_and_partitions_as_declared(captured: Captured) -> None:
    declared = topics.declared(captured.contract, captured.settings)
    names = [topic.name for topic in declared]
    assert topics.partitions(captured.settings, names) == {topic.name: topic.partitions for topic in declared}
    found = topics.identities(captured.settings, [*names, "no-such-topic"])
    assert {name: found[name].partitions for name in found} == {topic.name: topic.partitions for topic in declared}
    assert len({each.topic_id for each in found.values()}) == len(names)


def test_an_unlisted_column_renamed_to_a_captured_name_is_refused(captured: Captured) -> None:
    captured.execute("alter table TABLE rename shown to gone")
    captured.execute("alter table TABLE rename secret to shown")
    try:
        with pytest.raises(Refused, match="another column was renamed to this name"):
            captured.again()
        assert not health(captured.settings, captured.contract).healthy
    finally:
        captured.execute("alter table TABLE rename shown to secret")
        captured.execute("alter table TABLE rename gone to shown")
    assert health(captured.settings, captured.contract).healthy


def test_a_missing_required_table_is_refused_before_anything_is_made(captured: Captured) -> None:
    table = captured.contract.tables[captured.table].model_copy(update={"name": "no_such_table"})
    wrong = captured.contract.model_copy(update={"tables": {**captured.contract.tables, "no_such_table": table}})
    with pytest.raises(Refused, match=r"no_such_table: is not in the database"):
        apply(captured.settings, wrong, quiet, deadline_seconds=SECONDS)


def test_a_slot_that_was_moved_ahead_is_refused_and_delete_clears_the_way(own_capture: Captured) -> None:
    settings = own_capture.settings
    assert settings.connect_url is not None
    with Connect(settings.connect_url, settings.connector_name) as connect:
        connect.stop()
        with catalogue.connect(settings) as connection:
            until(lambda: (s := catalogue.read_slot(connection, settings.slot_name)) is None or s.active_pid is None)
        own_capture.execute("insert into TABLE values (2, 'lost', null)")
        own_capture.execute(f"select pg_replication_slot_advance('{settings.slot_name}', pg_current_wal_lsn())")
        with pytest.raises(CaptureLost, match=r"moved ahead.*resync"):
            own_capture.again()
        status = connect.status()
        assert status is not None and status.state == "STOPPED"
    deleted = delete(settings, quiet)
    assert deleted.connector and deleted.slot and deleted.publication
    assert own_capture.again().connector == "created"
    assert any(b"lost" in record for record in own_capture.changes(3))


def test_a_slot_that_the_connector_itself_left_ahead_of_its_offset_has_lost_nothing(own_capture: Captured) -> None:
    """As a Connect leaves it that is killed between what Debezium tells the slot and what Connect stores next."""
    settings = own_capture.settings
    assert settings.connect_url is not None
    own_capture.execute("insert into TABLE values (2, 'delivered', null)")
    assert len(own_capture.changes(2)) == 2
    with Connect(settings.connect_url, settings.connector_name) as connect, catalogue.connect(settings) as connection:
        connect.stop()
        until(lambda: (s := catalogue.read_slot(connection, settings.slot_name)) is None or s.active_pid is None)
        slot = catalogue.read_slot(connection, settings.slot_name)
        assert slot is not None and slot.confirmed_flush_lsn is not None
        place = f"{settings.connect_url}/connectors/{settings.connector_name}/offsets"
        (entry,) = requests.get(place, timeout=30).json()["offsets"]
        entry["offset"] |= dict.fromkeys(("lsn", "lsn_proc", "lsn_commit"), slot.confirmed_flush_lsn - 8)
        assert requests.patch(place, json={"offsets": [entry]}, timeout=30).ok
        stored = guard.stored_offset(connect.offsets())
        assert guard.lost(slot, stored)
        known = delivered_offset(settings, own_capture.contract, slot, stored)
        assert known is not None
        for beyond, said in ((0, False), (1, True)):
            at = replace(slot, confirmed_flush_lsn=known.lsn + beyond)
            found = delivered_offset(settings, own_capture.contract, at, stored)
            assert bool(guard.lost(at, found)) == said, "only where Kafka does not reach the slot somebody has moved it"
    assert own_capture.again().connector == "unchanged"
    own_capture.execute("insert into TABLE values (3, 'and after', null)")
    # the second row is sent again: the slot begins before it
    assert any(b"and after" in record for record in own_capture.changes(4))


def test_a_dropped_slot_is_refused(own_capture: Captured) -> None:
    settings = own_capture.settings
    assert settings.connect_url is not None
    with Connect(settings.connect_url, settings.connector_name) as connect, catalogue.connect(settings) as connection:
        connect.stop()
        until(lambda: (s := catalogue.read_slot(connection, settings.slot_name)) is None or s.active_pid is None)
        own_capture.execute(f"select pg_drop_replication_slot('{settings.slot_name}')")
        with pytest.raises(CaptureLost, match="slot is gone"):
            own_capture.again()


def test_delete_leaves_no_slot_and_no_publication(own_capture: Captured) -> None:
    settings = own_capture.settings
    delete(settings, quiet)
    with catalogue.connect(settings) as connection:
        left = catalogue.read(connection, own_capture.contract, settings)
    assert left.slot is None and left.publication is None
    again = delete(settings, quiet)
    assert not (again.connector or again.slot or again.publication)


def test_parts_that_are_away_are_named(captured: Captured) -> None:
    away = captured.settings.model_copy(update={"connect_url": "http://127.0.0.1:1"})
    with pytest.raises(Unreachable, match=r"kafka connect cannot be reached at http://127\.0\.0\.1:1"):
        apply(away, captured.contract, quiet)


@pytest.mark.parametrize("way", ["topic", "table"])
def test_a_signal_reads_a_table_again(own_capture: Captured, way: str) -> None:
    settings = own_capture.settings
    read = {"data-collections": [f"public.{own_capture.table}"], "type": "INCREMENTAL"}
    if way == "topic":
        producer = Producer(kafka_config(settings))
        signal = json.dumps({"type": "execute-snapshot", "data": read})
        producer.produce(topics.signal_topic(settings), key=settings.topic_prefix, value=signal)
        assert producer.flush(10) == 0
    else:
        row = f"'{settings.topic_prefix}', 'execute-snapshot', '{json.dumps(read)}'"
        own_capture.execute(f"insert into cdc.signal values ({row})")
    records = own_capture.changes(2)
    assert len(records) == 2 and b'"snapshot":"incremental"' in records[1] and b"CANARY" not in records[1]
