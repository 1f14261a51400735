"""What identifies people stays in PostgreSQL: markers in columns that are not captured turn up nowhere else.

The search must be able to fail: it finds a value that is captured, in every place that it looks at.
"""

import secrets
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from connectors.kafka import kafka_config
from deploy.local.source import CANARY
from tests.pipeline.pipeline import Pipeline
from tests.pipeline.search import in_columns, in_files, in_topics, looked_for

SEED = 31


def digits(count: int) -> str:
    return "".join(secrets.choice("123456789") for _ in range(count))


IIN, PHONE, TIN, IIK, TEXT, SESSION = digits(12), digits(10), digits(12), digits(18), secrets.token_hex(8), digits(14)
MARKERS = tuple(marker.encode() for marker in (CANARY, IIN, PHONE, TIN, IIK, TEXT, SESSION))
CONTROL = f"control{secrets.token_hex(8)}"
"""Name of a room, which is captured."""


@pytest.fixture(scope="module")
def marked(pipeline: Pipeline) -> Pipeline:
    """Markers in what people are known by, inserted, updated and deleted, and a load that writes the canary."""
    user, company, request = (
        pipeline.execute(f"SELECT max(id) FROM {table}")[0][0]
        for table in ("account_user", "account_company", "service_servicerequest")
    )
    columns = [
        name
        for (name,) in pipeline.execute(
            "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'account_user' AND "
            "table_schema = 'public' AND column_name NOT IN ('id', 'email')"
        )
    ]
    copied = ", ".join(columns)
    for number in range(3):
        pipeline.execute(
            f"INSERT INTO account_user (email, {copied}) SELECT %s, {copied} FROM account_user WHERE id = %s",
            [f"{TEXT}{number}@example.kz", user],
        )
    new = f"email LIKE '{TEXT}%'"
    pipeline.execute(
        f"UPDATE account_user SET iin = '{IIN}', phone = '+{PHONE}', first_name = '{TEXT}', last_name = '{TEXT}', "
        f"password = '{TEXT}', data = '{{\"iin\": {IIN}}}', tags = '[\"{TEXT}\"]' WHERE {new}"
    )
    pipeline.execute(f"DELETE FROM account_user WHERE {new} AND email LIKE '%2@example.kz'")
    pipeline.execute(
        f"UPDATE account_company SET tin = '{TIN}', iik = 'KZ{IIK}', name = '{TEXT}', short_name = '{TEXT}', "
        f"address = '{TEXT}', email = '{TEXT}', phone = '{PHONE}', website = '{TEXT}', bank = '{TEXT}', "
        f"description = '{TEXT}', basic_info = '{{\"iin\": {IIN}}}' WHERE id = {company}"
    )
    pipeline.execute(f"UPDATE service_servicerequest SET data = '{{\"iin\": {IIN}}}' WHERE id = {request}")
    pipeline.execute(f"UPDATE service_servicerequeststatus SET comment = '{TEXT}' WHERE service_request_id = {request}")
    pipeline.execute(f"UPDATE user_sessions_session SET session_data = '{SESSION}', user_agent = '{SESSION}'")
    pipeline.execute(f"UPDATE hub_cache_table SET value = '{SESSION}'")
    pipeline.execute(f"UPDATE booking_room SET name = '{CONTROL}' WHERE id = (SELECT min(id) FROM booking_room)")
    pipeline.simulate(50, 3, SEED)
    pipeline.settle()
    return pipeline


def test_the_markers_are_in_the_source(marked: Pipeline) -> None:
    rows = marked.execute(f"SELECT count(*) FROM account_user AS u WHERE strpos(u::text, '{IIN}') > 0")
    assert rows == [(2,)]
    rows = marked.execute(f"SELECT count(*) FROM account_company AS c WHERE strpos(c::text, '{TIN}') > 0")
    assert rows == [(1,)]
    rows = marked.execute(f"SELECT count(*) FROM service_servicerequest AS r WHERE strpos(r::text, '{CANARY}') > 0")
    assert rows[0][0] > 100


def test_no_table_outside_the_contract_has_a_topic_or_a_mirror(marked: Pipeline) -> None:
    listed = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
    outside = {name for (name,) in marked.execute(listed)} - set(marked.contract.tables)
    assert outside >= {"user_sessions_session", "django_session", "silk_request", "hub_cache_table", "authtoken_token"}
    consumer = Consumer(kafka_config(marked.settings, **{"group.id": "search"}))
    topics = set(consumer.list_topics(timeout=20).topics)
    consumer.close()
    ours = {topic.rpartition(".")[2] for topic in topics if topic.startswith(f"{marked.settings.topic_prefix}.")}
    tables = {name for (name,) in marked.query("SELECT name FROM system.tables WHERE database = currentDatabase()")}
    for places in (ours, tables):
        assert set(marked.contract.tables) <= places and not places & outside


def test_no_marker_is_in_any_topic(marked: Pipeline) -> None:
    assert in_topics(marked, MARKERS) == []


def test_no_marker_is_in_any_column_of_clickhouse(marked: Pipeline) -> None:
    assert in_columns(marked, MARKERS) == []


def test_no_marker_is_in_any_file_or_log(marked: Pipeline, logs: Path) -> None:
    assert in_files(marked, logs, MARKERS) == []


def test_the_same_search_finds_what_is_captured(marked: Pipeline, logs: Path) -> None:
    control = (CONTROL.encode(),)
    assert any(found.place.startswith(f"{marked.settings.topic_prefix}.") for found in in_topics(marked, control))
    assert [found.place for found in in_columns(marked, control)] == ["booking_room"]
    places = [found.place for found in in_files(marked, logs, control)]
    assert any("/kafka/" in place for place in places) and any("/clickhouse/" in place for place in places), places


def test_no_password_is_in_a_topic_a_table_or_a_log(marked: Pipeline, logs: Path) -> None:
    """The connector's configuration, which Connect keeps in a topic, holds a reference instead."""
    stack = marked.stack
    kept = [
        stack.connector_password,
        *(dsn.split("@")[0].split(":")[-1] for dsn in (stack.postgres_dsn, stack.clickhouse_dsn)),
    ]
    words = tuple(password.encode() for password in kept)
    assert all(len(word) >= 16 for word in words)
    assert in_topics(marked, words) == []
    assert in_columns(marked, words) == []
    assert in_files(marked, logs, words) == []


REPORTS = (
    ("status", "--json", "--partitions"), ("connectors", "status", "--json"), ("connectors", "check", "--json"),
    ("connectors", "sql"), ("doctor", "--json"), ("dead-letters", "list", "--json"), ("migrate", "--json"),
)  # fmt: skip


@pytest.mark.parametrize("command", REPORTS)
def test_no_report_shows_a_marker_or_a_password(marked: Pipeline, command: tuple[str, ...]) -> None:
    done = marked.command(*command)
    shown = (done.stdout + done.stderr).encode()
    assert done.returncode in (0, 1) and shown.strip(), shown
    assert list(looked_for("output", shown, (*MARKERS, marked.stack.connector_password.encode()))) == []
