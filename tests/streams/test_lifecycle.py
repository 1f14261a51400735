"""What a change of a row means for the entity: transitions, instants, what was observed and what was not."""

from typing import Any, Final

from schemas.change import Change
from tests.streams.log import HOUR, LIFECYCLES, START, Values, alive, change, facts, folded, numbered, row

REQUESTS: Final = LIFECYCLES["service_servicerequest"]
BOOKINGS: Final = LIFECYCLES["booking_booking"]
EVENTS: Final = LIFECYCLES["core_event"]
VACANCIES: Final = LIFECYCLES["core_vacancy"]
COMPANIES: Final = LIFECYCLES["account_company"]
Step = tuple[str, str | None, int]
"""(operation, status, hours after the start)"""


def request_log(*steps: Step, **values: Any) -> list[Change]:
    return [
        change(REQUESTS, n, operation, 1, 10 * (n + 1), START + int(hours * HOUR), **{"status": status, **values})
        for n, (operation, status, hours) in enumerate(steps)
    ]


def story(*steps: Step, **values: Any) -> list[Values]:
    return facts(REQUESTS, folded(REQUESTS, request_log(*steps, **values)))


def entity(*steps: Step, **values: Any) -> Values:
    return alive(REQUESTS, folded(REQUESTS, request_log(*steps, **values)))[1]


def pairs(found: list[Values]) -> list[tuple[str, str]]:
    return [(fact["from_status"], fact["to_status"]) for fact in found]


def test_a_creation_starts_from_nowhere_and_a_deletion_ends_in_removed() -> None:
    found = story(("create", "draft", 0), ("update", "sent", 1), ("delete", None, 3))
    assert pairs(found) == [("", "draft"), ("draft", "sent"), ("sent", "removed")]
    assert [fact["seconds_in_from"] for fact in found] == [None, 3600.0, 7200.0]
    assert [fact["at"] for fact in found] == [START, START + HOUR, START + 3 * HOUR]
    assert {fact["origin"] for fact in found} == {"stream"}
    assert [fact["lsn"] for fact in found] == [10, 20, 30]
    assert all(fact["legal"] for fact in found)


def test_after_removed_a_row_that_is_made_again_starts_from_nowhere() -> None:
    steps: list[Step] = [
        ("create", "sent", 0),
        ("update", "correction", 1),
        ("delete", None, 2),
        ("create", "draft", 3),
    ]
    assert pairs(story(*steps))[-2:] == [("correction", "removed"), ("", "draft")]
    made = entity(*steps)
    assert (made["first_sent_at"], made["corrections"], made["created_at"]) == (None, 0, START + 3 * HOUR)


def test_every_update_counts_also_several_in_one_transaction() -> None:
    found = story(("create", "sent", 0), ("update", "correction", 0), ("update", "sent", 0), ("update", "approved", 0))
    assert len(found) == 4


def test_an_update_that_leaves_the_status_is_no_transition_and_keeps_since() -> None:
    steps: list[Step] = [("create", "sent", 0), ("update", "sent", 5)]
    assert len(story(*steps)) == 1
    assert entity(*steps)["since"] == START


def test_a_snapshot_shows_where_an_entity_stands_and_counts_as_no_event() -> None:
    steps: list[Step] = [("read", "approved", 0), ("update", "success", 2)]
    seen, moved = story(*steps, updated_at=START - HOUR, created_at=START - 2 * HOUR)
    assert (seen["from_status"], seen["to_status"], seen["origin"], seen["legal"], seen["lsn"]) == (
        "", "approved", "snapshot", True, 0,
    )  # fmt: skip
    assert seen["at"] == START - HOUR
    assert (moved["origin"], moved["seconds_in_from"]) == ("stream", None)


def test_since_after_a_snapshot_is_the_update_else_the_creation_else_the_read() -> None:
    read: Step = ("read", "sent", 0)
    assert entity(read, updated_at=START - 5, created_at=START - 9)["since"] == START - 5
    assert entity(read, created_at=START - 9)["since"] == START - 9
    assert entity(read)["since"] == START
    assert entity(read)["since_observed"] is False


def test_the_first_update_of_a_row_that_nobody_has_seen_shows_where_it_stood_like_a_snapshot() -> None:
    """While a table is backfilled, changes of a row may come before the row itself."""
    steps: list[Step] = [("update", "approved", 0), ("read", "approved", 0), ("update", "success", 1)]
    first, second = story(*steps, updated_at=START - HOUR)
    assert (first["origin"], first["at"], first["legal"]) == ("snapshot", START - HOUR, True)
    assert (second["from_status"], second["origin"], second["seconds_in_from"]) == ("approved", "stream", None)
    assert entity(*steps)["first_approved_at"] is None


def test_a_repair_that_finds_another_status_files_it_as_snapshot_and_never_as_illegal() -> None:
    steps: list[Step] = [("create", "draft", 0), ("read", "success", 5)]
    (_, found) = story(*steps)
    assert (found["from_status"], found["to_status"], found["origin"], found["legal"]) == (
        "draft",
        "success",
        "snapshot",
        True,
    )
    assert found["seconds_in_from"] is None


def test_first_instants_are_those_that_were_observed() -> None:
    made = entity(("create", "sent", 0), ("update", "correction", 1), ("update", "sent", 2), ("update", "approved", 3))
    assert (made["first_sent_at"], made["first_approved_at"], made["first_success_at"]) == (
        START,
        START + 3 * HOUR,
        None,
    )
    assert made["corrections"] == 1
    assert entity(("read", "approved", 0))["first_approved_at"] is None


def test_closed_is_since_while_terminal_and_null_again_after_a_reopening() -> None:
    closing: list[Step] = [("create", "sent", 0), ("update", "approved", 1), ("update", "success", 2)]
    assert entity(*closing)["closed_at"] == START + 2 * HOUR
    assert entity(*closing, ("update", "sent", 3))["closed_at"] is None
    assert entity(("read", "rejected", 0), updated_at=START - 7)["closed_at"] == START - 7


def test_without_a_creation_instant_it_is_the_commit_of_the_create_and_unknown_for_a_snapshot() -> None:
    assert entity(("create", "draft", 2))["created_at"] == START + 2 * HOUR
    assert entity(("create", "draft", 2), ("update", "sent", 3))["created_at"] == START + 2 * HOUR
    assert entity(("read", "draft", 2))["created_at"] is None
    assert entity(("create", "draft", 2), created_at=START)["created_at"] == START


def test_what_the_lifecycle_does_not_allow_is_kept_as_illegal() -> None:
    found = story(("create", "approved", 0), ("update", "draft", 1), ("update", "odd", 2), ("update", "sent", 3))
    assert pairs(found) == [("", "approved"), ("approved", "draft"), ("draft", "odd"), ("odd", "sent")]
    assert not any(fact["legal"] for fact in found)


def test_an_unknown_status_is_open_and_may_be_rejected() -> None:
    *_, last = story(("create", "odd", 0), ("update", "rejected", 1))
    assert last["legal"]


def test_a_fact_holds_the_dimensions_after_the_change_and_of_a_removed_row_its_last() -> None:
    log = [
        change(REQUESTS, 0, "create", 1, 1, START, status="sent", service_id="A", assignee_id=7),
        change(REQUESTS, 1, "update", 1, 2, START + 1, status="approved", service_id="B", assignee_id=8),
        change(REQUESTS, 2, "delete", 1, 3, START + 2),
    ]
    found = facts(REQUESTS, folded(REQUESTS, log))
    assert [(fact["service"], fact["assignee_id"]) for fact in found] == [("A", 7), ("B", 8), ("B", 8)]


def test_a_primary_key_change_removes_the_old_entity_and_makes_the_new_one() -> None:
    log = [
        change(REQUESTS, 0, "create", 1, 1, START, status="draft"),
        change(REQUESTS, 1, "delete", 1, 2, START + 1),
        change(REQUESTS, 2, "create", 2, 2, START + 1, status="draft"),
    ]
    sink = folded(REQUESTS, log)
    assert set(alive(REQUESTS, sink)) == {2}
    assert [(fact["request_id"], fact["to_status"]) for fact in facts(REQUESTS, sink)] == [
        (1, "draft"), (1, "removed"), (2, "draft"),
    ]  # fmt: skip


def test_a_cancelled_booking_keeps_the_instant_of_its_cancellation() -> None:
    log = [
        change(BOOKINGS, 0, "create", 1, 1, START, status="active"),
        change(BOOKINGS, 1, "update", 1, 2, START + 9, status="deactivated"),
    ]
    assert alive(BOOKINGS, folded(BOOKINGS, log))[1]["cancelled_at"] == START + 9


def test_a_status_that_an_update_did_not_carry_is_the_one_that_the_entity_has() -> None:
    names = [column.name for column in REQUESTS.table.table.columns]
    omitted = Change(1, "update", 1, 2, START + 1, row(REQUESTS, 1, assignee_id=7), (names.index("status"),))
    sink = folded(REQUESTS, numbered([change(REQUESTS, 0, "create", 1, 1, START, status="sent"), omitted]))
    found = alive(REQUESTS, sink)[1]
    assert (found["status"], found["assignee_id"]) == ("sent", 7)
    assert len(facts(REQUESTS, sink)) == 1


def test_content_of_several_tables_is_told_apart_by_its_type() -> None:
    event = change(EVENTS, 0, "create", 1, 1, START, status="sent", organization_id=3, published=False)
    vacancy = change(VACANCIES, 0, "create", 1, 1, START, status="sent", company_id=4)
    one, other = alive(EVENTS, folded(EVENTS, [event]))[1], alive(VACANCIES, folded(VACANCIES, [vacancy]))[1]
    assert (one["content_type"], one["organization_id"], one["company_id"], one["published"]) == (
        "event",
        3,
        None,
        False,
    )
    assert (other["content_type"], other["organization_id"], other["company_id"]) == ("vacancy", None, 4)
    (fact,) = facts(VACANCIES, folded(VACANCIES, [vacancy]))
    assert (fact["content_type"], fact["content_id"], fact["company_id"]) == ("vacancy", 1, 4)


def test_published_content_is_not_closed_until_it_is_rejected_or_deleted() -> None:
    log = [
        change(VACANCIES, n, "update" if n else "create", 1, n + 1, START + n, status=status)
        for n, status in enumerate(["sent", "success", "deleted"])
    ]
    published, deleted = (alive(VACANCIES, folded(VACANCIES, log[:end]))[1] for end in (2, 3))
    assert (published["first_published_at"], published["closed_at"]) == (START + 1, None)
    assert (deleted["first_published_at"], deleted["closed_at"]) == (START + 1, START + 2)


def test_a_content_row_that_is_gone_leaves_a_tombstone_of_its_type() -> None:
    sink = folded(VACANCIES, [change(VACANCIES, 0, "delete", 9, 1, START)])
    (made,) = sink.rows["content_items"].values()
    named = dict(zip(VACANCIES.table.lifecycle.rows.columns, made, strict=True)) if VACANCIES.table.lifecycle else {}
    assert (named["content_id"], named["content_type"], named["_deleted"]) == (9, "vacancy", 1)


def test_a_company_is_blocked_and_freed_again() -> None:
    log = [
        change(COMPANIES, n, "update" if n else "create", 1, n + 1, START + n, status=status)
        for n, status in enumerate(["active", "blocked", "active"])
    ]
    assert alive(COMPANIES, folded(COMPANIES, log[:2]))[1]["blocked_at"] == START + 1
    assert alive(COMPANIES, folded(COMPANIES, log))[1]["blocked_at"] is None
    found = facts(COMPANIES, folded(COMPANIES, log))
    assert pairs(found) == [("", "active"), ("active", "blocked"), ("blocked", "active")]
    assert all(fact["legal"] for fact in found)
