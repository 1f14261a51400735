"""What a source may do that it should not, and records that nobody can read: kept, named, and nothing else suffers.

On a pipeline of its own: the last tests leave it stopped at a limit. What they write into the source goes at the end.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message, Producer

from connectors.kafka import kafka_config
from connectors.topics import MAX_MESSAGE_BYTES
from deploy.local.stack import Addresses
from tests.faults.invariants import assert_chain
from tests.pipeline.conftest import some_past
from tests.pipeline.pipeline import Pipeline, pipeline_on, report, until
from tests.pipeline.rows import BOOKINGS, REQUESTS, add_booking, add_request, facts, move

VACANCIES, COMMENTS, ROOMS = "core_vacancy", "core_comment", "booking_room"
IN_A_ROW = 5
SOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=400)
"""Nobody else books then."""
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def odd(stack: Addresses, logs: Path) -> Iterator[Pipeline]:
    with pipeline_on(stack, logs, before=some_past, dead_letters_in_a_row=IN_A_ROW) as running:
        written = (COMMENTS, VACANCIES, REQUESTS, BOOKINGS, ROOMS)
        last = {table: running.execute(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0] for table in written}
        try:
            yield running
        finally:
            for table, number in last.items():
                running.execute(f"DELETE FROM {table} WHERE id > %s", [number])
            running.execute(f"ALTER TABLE {ROOMS} ALTER COLUMN capacity TYPE integer")
            running.execute(f"ALTER TABLE {VACANCIES} ALTER COLUMN author_id SET NOT NULL")


def add_vacancy(pipeline: Pipeline, **values: Any) -> int:
    (author,) = pipeline.execute("SELECT min(id) FROM account_user")[0]
    now = datetime.now(UTC)
    row = {"title": "{}", "description": "{}", "vacancy_type": "fulltime", "status": "draft", "published": False}
    more = {"author_id": author, "view_count": 0, "contact_info": "{}", "created_at": now, "updated_at": now}
    return pipeline.insert(VACANCIES, **{**row, **more, **values})


def add_comment(pipeline: Pipeline, **values: Any) -> int:
    (author,) = pipeline.execute("SELECT min(id) FROM account_user")[0]
    now = datetime.now(UTC)
    row = {"message": "", "source": "vacancy", "primary_key": 0, "user_id": author, "status": "active"}
    return pipeline.insert(
        COMMENTS, **{**row, "likes": [], "dislikes": [], "created_at": now, "updated_at": now, **values}
    )


def row_of(pipeline: Pipeline, table: str, number: int, columns: str) -> tuple[Any, ...]:
    (row,) = pipeline.query(f"SELECT {columns} FROM {table} FINAL WHERE id = {{id:Int64}}", {"id": number})
    return row


def issues(pipeline: Pipeline, entity: str, number: int) -> dict[str, bool]:
    """Rule -> whether it is open still."""
    whose = "entity = {entity:String} AND entity_id = {id:String}"
    sql = f"SELECT rule, resolved_at IS NULL FROM dq_issues FINAL WHERE {whose}"
    return {rule: bool(open_) for rule, open_ in pipeline.query(sql, {"entity": entity, "id": str(number)})}


def counted(pipeline: Pipeline, rule: str) -> int:
    return int(pipeline.value("SELECT sum(open) FROM v_dq WHERE rule = {rule:String}", {"rule": rule}) or 0)


def test_an_unknown_status_is_kept_and_named_until_a_known_one_follows(odd: Pipeline) -> None:
    number = add_request(odd, "sent")
    move(odd, REQUESTS, number, "on_hold")
    odd.settle()
    assert facts(odd, number) == [("", "sent", True), ("sent", "on_hold", False)]
    assert issues(odd, REQUESTS, number) == {"unknown_status": True, "illegal_transition": True}
    shown = odd.query("SELECT status, waiting_on FROM v_requests_open WHERE request_id = {id:Int64}", {"id": number})
    assert shown == [("on_hold", "")]
    move(odd, REQUESTS, number, "rejected")
    odd.settle()
    assert facts(odd, number)[-1] == ("on_hold", "rejected", True)
    assert issues(odd, REQUESTS, number) == {"unknown_status": False, "illegal_transition": False}


def test_an_illegal_transition_counts_and_is_an_issue_until_the_next_legal_one(odd: Pipeline) -> None:
    before = counted(odd, "illegal_transition")
    number = add_request(odd, "draft")
    move(odd, REQUESTS, number, "approved")
    odd.settle()
    assert facts(odd, number)[-1] == ("draft", "approved", False)
    assert counted(odd, "illegal_transition") == before + 1
    move(odd, REQUESTS, number, "success")
    odd.settle()
    assert issues(odd, REQUESTS, number) == {"illegal_transition": False}
    assert counted(odd, "illegal_transition") == before


def test_a_booking_that_ends_before_it_starts_occupies_nothing_until_it_is_mended(odd: Pipeline) -> None:
    number = add_booking(odd, SOON + HOUR, SOON)
    hours = "SELECT booked_seconds FROM v_room_hours WHERE hour >= {at:DateTime}"
    odd.settle()
    assert issues(odd, BOOKINGS, number) == {"end_before_start": True}
    assert odd.query(hours, {"at": SOON}) == []
    odd.execute("UPDATE booking_booking SET \"end\" = start + interval '90 minutes' WHERE id = %s", [number])
    odd.settle()
    assert issues(odd, BOOKINGS, number) == {"end_before_start": False}
    (resolved,) = odd.query("SELECT resolved_at > detected_at FROM dq_issues FINAL WHERE rule = 'end_before_start' "
                            "AND entity_id = {id:String}", {"id": str(number)})[0]  # fmt: skip
    assert resolved
    assert odd.query(hours + " ORDER BY hour", {"at": SOON}) == [(3600.0,), (1800.0,)]


def test_two_bookings_of_one_room_at_one_time_are_shown_until_one_is_cancelled(odd: Pipeline) -> None:
    start = SOON + timedelta(days=1)
    before = counted(odd, "booking_overlap")
    first, second = add_booking(odd, start, start + 2 * HOUR), add_booking(odd, start + HOUR, start + 3 * HOUR)
    pairs = "SELECT booking_a, booking_b, overlap_from, overlap_to FROM v_booking_overlaps WHERE booking_a = {id:Int64}"
    odd.settle()
    overlap = [int((start + after).timestamp()) * 1_000_000 for after in (HOUR, 2 * HOUR)]
    assert odd.query(pairs, {"id": first}) == [(first, second, *overlap)]
    assert counted(odd, "booking_overlap") == before + 1
    move(odd, BOOKINGS, second, "deactivated")
    odd.settle()
    assert odd.query(pairs, {"id": first}) == []
    assert counted(odd, "booking_overlap") == before


def test_an_instant_that_nothing_can_hold_is_empty_and_an_issue(odd: Pipeline) -> None:
    number = add_booking(odd, "-infinity", "infinity")
    early = add_booking(odd, "0001-01-01 00:00:00+00", "294276-12-31 00:00:00+00")
    odd.settle()
    sql = "SELECT starts_at, ends_at, status FROM bookings FINAL WHERE booking_id IN ({a:Int64}, {b:Int64})"
    assert odd.query(sql, {"a": number, "b": early}) == [(None, None, "active")] * 2
    assert issues(odd, BOOKINGS, number)["bad_value"] and issues(odd, BOOKINGS, early)["bad_value"]
    start = SOON + timedelta(days=2)
    odd.execute('UPDATE booking_booking SET start = %s, "end" = %s WHERE id = %s', [start, start + HOUR, number])
    odd.settle()
    assert not issues(odd, BOOKINGS, number)["bad_value"]


TITLES = (
    ('"just text"', {}, True),
    ('["Инженер"]', {}, True),
    ("null", {}, True),
    ('{"kk": "Инженер"}', {"kk": "Инженер"}, False),
    ('{"ru": "Инженер", "de": "Ingenieur"}', {"ru": "Инженер", "de": "Ingenieur"}, False),
    ('{"ru": null, "kk": 5, "en": {"a": 1}}', {"kk": "5", "en": '{"a": 1}'}, False),
)
"""A document, what is kept of it, and whether that is an issue."""


def test_a_title_that_is_no_map_of_three_languages_keeps_what_can_be_kept(odd: Pipeline) -> None:
    numbers = [add_vacancy(odd, title=document) for document, _, _ in TITLES]
    odd.settle()
    for number, (document, kept, wrong) in zip(numbers, TITLES, strict=True):
        assert row_of(odd, VACANCIES, number, "title") == (kept,), document
        assert issues(odd, VACANCIES, number) == ({"bad_value": True} if wrong else {}), document
    shown = "SELECT title_ru, title_kk, title_en FROM v_vacancies WHERE vacancy_id = {id:Int64}"
    assert odd.query(shown, {"id": numbers[0]}) == [(str(numbers[0]),) * 3]
    assert odd.query(shown, {"id": numbers[3]}) == [("Инженер",) * 3]
    odd.execute(f"UPDATE {VACANCIES} SET title = '{{}}' WHERE id = %s", [numbers[0]])
    odd.settle()
    assert issues(odd, VACANCIES, numbers[0]) == {"bad_value": False}


def test_null_where_the_contract_expects_a_value_is_kept_as_null(odd: Pipeline) -> None:
    odd.execute(f"ALTER TABLE {VACANCIES} ALTER COLUMN author_id DROP NOT NULL")
    number = add_vacancy(odd, author_id=None, salary_min=None)
    odd.settle()
    assert row_of(odd, VACANCIES, number, "author_id, salary_min, status") == (None, None, "draft")
    assert issues(odd, VACANCIES, number) == {}


def test_an_integer_that_does_not_fit_its_column_is_empty_and_an_issue(odd: Pipeline) -> None:
    odd.execute(f"ALTER TABLE {ROOMS} ALTER COLUMN capacity TYPE bigint")
    number = odd.insert(ROOMS, name="Hall", capacity=5_000_000_000)
    odd.settle()
    assert row_of(odd, ROOMS, number, "name, capacity") == ("Hall", None)
    assert issues(odd, ROOMS, number) == {"bad_value": True}
    odd.execute(f"UPDATE {ROOMS} SET capacity = 50 WHERE id = %s", [number])
    odd.settle()
    assert row_of(odd, ROOMS, number, "capacity") == (50,) and issues(odd, ROOMS, number) == {"bad_value": False}
    # the guardian may have asked for a resync of the retyped column
    odd.execute(f"ALTER TABLE {ROOMS} ALTER COLUMN capacity TYPE integer")
    assert odd.command("reconcile", "--repair", "--table", ROOMS).returncode == 0


def test_a_salary_below_zero_or_above_its_upper_end_is_shown_and_an_issue_until_it_is_mended(odd: Pipeline) -> None:
    before = counted(odd, "salary_range")
    negative, swapped = add_vacancy(odd, salary_min=-5), add_vacancy(odd, salary_min=300, salary_max=200)
    odd.settle()
    assert row_of(odd, VACANCIES, negative, "salary_min, salary_max") == (-5, None)
    assert row_of(odd, VACANCIES, swapped, "salary_min, salary_max") == (300, 200)
    assert issues(odd, VACANCIES, negative) == issues(odd, VACANCIES, swapped) == {"salary_range": True}
    assert counted(odd, "salary_range") == before + 2
    odd.execute(f"UPDATE {VACANCIES} SET salary_min = 100 WHERE id = ANY(%s)", [[negative, swapped]])
    odd.settle()
    assert counted(odd, "salary_range") == before


def test_a_row_that_is_its_own_parent_is_an_issue(odd: Pipeline) -> None:
    vacancy = add_vacancy(odd)
    comment, request = add_comment(odd, primary_key=vacancy), add_request(odd, "sent")
    for table, number in ((COMMENTS, comment), (REQUESTS, request)):
        odd.execute(f"UPDATE {table} SET parent_id = id WHERE id = %s", [number])
    odd.settle()
    assert row_of(odd, COMMENTS, comment, "parent_id") == (comment,)
    assert issues(odd, COMMENTS, comment) == issues(odd, REQUESTS, request) == {"self_parent": True}
    for table, number in ((COMMENTS, comment), (REQUESTS, request)):
        odd.execute(f"UPDATE {table} SET parent_id = NULL WHERE id = %s", [number])
    odd.settle()
    assert issues(odd, COMMENTS, comment) == issues(odd, REQUESTS, request) == {"self_parent": False}


def test_a_comment_on_nothing_is_kept_and_an_orphan(odd: Pipeline) -> None:
    lost, unknown = add_comment(odd, primary_key=2_000_000_000), add_comment(odd, source="нечто", primary_key=1)
    odd.settle()
    sql = "SELECT entity_id, reference, target, missing_id FROM v_dq_orphans WHERE entity = 'core_comment'"
    assert (lost, "primary_key", VACANCIES, "2000000000") in odd.query(sql)
    assert unknown not in {number for number, *_ in odd.query(sql)}, "nobody knows what it should refer to"
    assert row_of(odd, COMMENTS, unknown, "source, primary_key") == ("нечто", 1)
    assert counted(odd, "orphan") >= 1


def test_there_and_back_in_one_transaction_are_two_transitions_at_one_instant(odd: Pipeline) -> None:
    number = add_request(odd, "sent")
    with odd.source.transaction():
        move(odd, REQUESTS, number, "correction")
        move(odd, REQUESTS, number, "sent")
    odd.settle()
    assert facts(odd, number) == [("", "sent", True), ("sent", "correction", True), ("correction", "sent", True)]
    sql = "SELECT at, lsn FROM request_transitions FINAL WHERE request_id = {id:Int64} ORDER BY _version"
    (_, _), (there, first), (back, second) = odd.query(sql, {"id": number})
    assert there == back and first < second
    corrections = odd.value("SELECT corrections FROM requests FINAL WHERE request_id = {id:Int64}", {"id": number})
    assert corrections == 1


def test_a_row_that_is_deleted_and_made_again_starts_anew(odd: Pipeline) -> None:
    number = add_request(odd, "sent")
    with odd.source.transaction():
        odd.execute(f"DELETE FROM {REQUESTS} WHERE id = %s", [number])
        add_request(odd, "draft", id=number)
    odd.settle()
    assert facts(odd, number) == [("", "sent", True), ("sent", "removed", True), ("", "draft", True)]
    row = "SELECT status, first_sent_at FROM requests FINAL WHERE request_id = {id:Int64}"
    assert odd.query(row, {"id": number}) == [("draft", None)]


def test_a_changed_primary_key_is_a_removal_and_a_creation(odd: Pipeline) -> None:
    number = add_request(odd, "sent")
    other = number + 1_000_000
    odd.execute(f"UPDATE {REQUESTS} SET id = %s WHERE id = %s", [other, number])
    odd.settle()
    assert facts(odd, number) == [("", "sent", True), ("sent", "removed", True)]
    assert facts(odd, other) == [("", "sent", True)]


def test_after_all_of_it_everything_is_exact_and_in_order(odd: Pipeline) -> None:
    odd.settle()
    result = odd.reconcile()
    assert result.exact, report(result)
    assert_chain(odd, "request_transitions", "request_id")
    assert odd.query("SELECT * FROM dead_letters FINAL") == []


def envelope(operation: str, number: int) -> bytes:
    row = {"id": number, "status": "active", "company_type": "law", "verified": False}
    return json.dumps({"op": operation, "after": row, "source": {"ts_us": 1_700_000_000_000_000, "lsn": 1}}).encode()


POISON: tuple[tuple[bytes | None, bytes | None, str], ...] = (
    (b'{"id": 1}', b'{"op": "u", "after": ', "value is not JSON"),
    (b'{"id": 1}', envelope("x", 1), "op: expected one of"),
    (None, envelope("c", 1), "key: missing"),
    (b'{"id": 1}', None, "no value"),
    (b'{"id": 1}', b"\xff\xfe\x00", "value is not JSON"),
    (b'{"id": 2}', envelope("c", 1), "key: expected the row's id"),
)


def produce(pipeline: Pipeline, table: str, key: bytes | None, value: bytes | None) -> tuple[str, int, int]:
    """Straight into the table's first partition; where it came to lie."""
    # as much as the connector may send
    config = kafka_config(pipeline.settings, **{"message.max.bytes": MAX_MESSAGE_BYTES})
    producer, delivered = Producer(config), list[Message]()
    topic = pipeline.contract.topic(pipeline.settings.topic_prefix, table)
    producer.produce(topic, value, key, partition=0, on_delivery=lambda error, message: delivered.append(message))
    assert producer.flush(20) == 0
    (message,) = delivered
    offset = message.offset()
    assert message.error() is None and offset is not None
    return topic, 0, offset


def touch_company(pipeline: Pipeline) -> None:
    move(pipeline, "account_company", pipeline.execute("SELECT min(id) FROM account_company")[0][0], "active")


def test_n_records_that_cannot_be_read_are_n_dead_letters_and_nothing_else_changes(odd: Pipeline) -> None:
    expected = {}
    for number, (key, value, reason) in enumerate(POISON):
        # by turns: the limit in a row is not meant here
        table = ("account_company", "account_user")[number % 2]
        expected[produce(odd, table, key, value)] = reason
    touch_company(odd)
    odd.settle()
    found = {
        (t, p, o): reason
        for t, p, o, reason in odd.query("SELECT topic, partition, offset, reason FROM dead_letters FINAL")
    }
    assert found.keys() == expected.keys()
    assert all(found[place].startswith(reason) for place, reason in expected.items()), found
    odd.worker.kill()
    touch_company(odd)
    odd.settle()
    assert odd.value("SELECT count() FROM dead_letters FINAL") == len(POISON)
    result = odd.reconcile()
    assert result.exact, report(result)


def test_a_truncated_table_waits_for_its_repair_and_the_others_go_on(odd: Pipeline) -> None:
    assert odd.command("status").returncode == 0
    odd.execute("TRUNCATE booking_bookingstatus")
    number = add_request(odd, "sent")
    odd.settle()
    assert facts(odd, number) == [("", "sent", True)]
    status = odd.command("status", "--json")
    assert status.returncode == 1
    assert "RESYNC_REQUIRED booking_bookingstatus: TRUNCATE" in status.stderr
    (resync,) = json.loads(status.stdout)["resync_required"]
    assert resync["table"] == "booking_bookingstatus" and "booking_bookingstatus" in resync["command"]
    states = dict(odd.query("SELECT `table`, state FROM v_freshness"))
    assert states.pop("booking_bookingstatus") == "stalled"
    assert set(states.values()) <= {"live", "idle"}, states
    result = odd.reconcile([table for table in odd.contract.tables if table != "booking_bookingstatus"])
    assert result.exact, report(result)


def test_over_the_limit_the_worker_stops_says_why_and_goes_on_when_told_to(odd: Pipeline) -> None:
    before = odd.value("SELECT count() FROM dead_letters FINAL")
    for _ in range(IN_A_ROW):
        produce(odd, "account_company", b'{"id": 1}', b"not json")
    assert odd.worker.wait() == 1
    assert odd.worker.said(f"{IN_A_ROW} dead letters in a row") == 1
    assert odd.worker.said("is not started again") == 1
    assert odd.value("SELECT count() FROM dead_letters FINAL") == before + IN_A_ROW
    assert odd.value("SELECT count() FROM worker_events WHERE event = 'limit'") == 1
    odd.worker.start()
    touch_company(odd)
    odd.settle()
    result = odd.reconcile(["account_company"])
    assert result.exact, report(result)
    produce(odd, "account_company", b'{"id": 1}', b"not json")
    until(lambda: odd.value("SELECT count() FROM dead_letters FINAL") == before + IN_A_ROW + 1, "one more is set aside")
