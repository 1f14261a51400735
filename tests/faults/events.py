"""Records that nobody can read among those of a load, and everything that a source should not do to its rows."""

import json
import threading
from collections.abc import Callable
from typing import Final

import psycopg

from tests.faults.invariants import assert_set_aside, assert_standing
from tests.faults.scenario import Run, Scenario
from tests.pipeline import test_bad_input as odd
from tests.pipeline.pipeline import Pipeline, until
from tests.pipeline.rows import BOOKINGS, REQUESTS, add_request, facts

LARGE: Final = 5 * 1024 * 1024
POISONED: Final = ("account_company", "account_user", "service_servicerequest", "booking_booking", "core_event")
LARGE_TABLE: Final = "core_event"


def poison(run: Run) -> None:
    """n records that cannot be read are n dead letters, and nothing else suffers."""
    pipeline = run.pipeline
    expected: dict[tuple[str, int, int], str] = {}
    with run.load():
        for number in range(run.times):
            run.pause(0.05, 0.3)
            key, value, reason = odd.POISON[number % len(odd.POISON)]
            table = POISONED[number % len(POISONED)]
            expected[odd.produce(pipeline, table, key, value)] = reason
            run.inject(f"record: {reason}")
        large = json.dumps({"op": "?", "padding": "x" * LARGE}).encode()
        expected[odd.produce(pipeline, LARGE_TABLE, b'{"id": 1}', large)] = "source: expected a position"
        run.inject("record of 5 MB")
        run.recovered()
        run.worker.kill()
    pipeline.settle()
    assert_set_aside(pipeline, expected)
    pipeline.set_aside = len(expected)


ODDITIES: Final[tuple[Callable[[Pipeline], None], ...]] = (
    odd.test_an_unknown_status_is_kept_and_named_until_a_known_one_follows,
    odd.test_an_illegal_transition_counts_and_is_an_issue_until_the_next_legal_one,
    odd.test_an_instant_that_nothing_can_hold_is_empty_and_an_issue,
    odd.test_there_and_back_in_one_transaction_are_two_transitions_at_one_instant,
    odd.test_a_row_that_is_deleted_and_made_again_starts_anew,
    odd.test_a_changed_primary_key_is_a_removal_and_a_creation,
)
"""What tests/pipeline/test_bad_input.py expects of a quiet pipeline holds under load, too."""


def oddities(run: Run) -> None:
    try:
        with run.load():
            for _ in range(run.times):
                for oddity in run.chance.sample(ODDITIES, len(ODDITIES)):
                    oddity(run.pipeline)
                    run.inject("odd change")
                late_insert(run.pipeline)
                run.inject("insert that waited for a delete")
        assert_standing(run.pipeline)
    finally:
        # no Python date is like these, and whoever comes next would stumble over them
        run.pipeline.execute(f"DELETE FROM {BOOKINGS} WHERE start < '1900-01-01' OR \"end\" > '2200-01-01'")


def late_insert(pipeline: Pipeline) -> None:
    """An insert that waits for a row of its key which another transaction makes and takes away again: it is logged
    before that delete, and commits after it."""
    model = add_request(pipeline, "sent")
    number = pipeline.execute(f"SELECT nextval(pg_get_serial_sequence('{REQUESTS}', 'id'))")[0][0]

    def copied(status: str) -> bytes:
        return (
            f"INSERT INTO {REQUESTS} (id, status, service_id, author_id, data, created_at, updated_at) "
            f"SELECT {number}, '{status}', service_id, author_id, data, created_at, updated_at "
            f"FROM {REQUESTS} WHERE id = {model}"
        ).encode()

    with psycopg.connect(pipeline.dsn) as one, psycopg.connect(pipeline.dsn, application_name="waits") as two:
        one.execute(copied("sent"))

        def insert() -> None:
            two.execute(copied("draft"))
            two.commit()

        thread = threading.Thread(target=insert, daemon=True)
        thread.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waits' AND wait_event_type = 'Lock'"
        until(lambda: pipeline.execute(waiting) == [(1,)], "the insert waits for the row")
        one.execute(f"DELETE FROM {REQUESTS} WHERE id = {number}".encode())
        one.commit()
        thread.join(30)
    pipeline.settle()
    assert facts(pipeline, number) == [("", "sent", True), ("sent", "removed", True), ("", "draft", True)]


SCENARIOS: Final = (
    Scenario("F15", "records that cannot be read among a load", "I8: exactly as many dead letters; the rest I1-I7",
             poison, times=120, own=True),
    Scenario("F16", "unknown statuses, illegal transitions, there and back, deleted and made again, changed keys",
             "I3, I4, issues as specified", oddities, times=10, settles=False),
)  # fmt: skip
