"""Data quality issues: they open with the event that shows them and resolve with the one that mends them."""

from typing import Any, Final

from schemas.change import Change
from streams.recall import recall_mirror
from tests.streams.log import (
    HOUR,
    LIFECYCLES,
    PLANS,
    START,
    Values,
    change,
    fold_of,
    folded,
    issues,
    numbered,
    opened,
    row,
)

REQUESTS: Final = LIFECYCLES["service_servicerequest"]
BOOKINGS: Final = LIFECYCLES["booking_booking"]
VACANCIES: Final = LIFECYCLES["core_vacancy"]
COMMENTS: Final = PLANS["core_comment"]
DAY: Final = 24 * HOUR


def requests(*statuses: str | None) -> dict[tuple[str, str], Values]:
    """Issues after a request went through the statuses, a second apart; None deletes it."""
    log = [
        change(REQUESTS, n, "delete" if status is None else "update" if n else "create", 7, n + 1, at(n), status=status)
        for n, status in enumerate(statuses)
    ]
    return issues(folded(REQUESTS, log))


def at(second: int) -> int:
    return START + second * 1_000_000


def bookings(*intervals: tuple[int | None, int | None] | None) -> dict[str, Values]:
    log = []
    for n, interval in enumerate(intervals):
        if interval is None:
            log.append(change(BOOKINGS, n, "delete", 7, n + 1, at(n)))
            continue
        times = dict(zip(("start", "end"), interval, strict=True))
        log.append(change(BOOKINGS, n, "update" if n else "create", 7, n + 1, at(n), status="active", **times))
    return {rule: issue for (rule, _), issue in issues(folded(BOOKINGS, log)).items()}


def test_legal_transitions_leave_no_issue() -> None:
    assert requests("draft", "sent", "correction", "sent", "approved", "success", None) == {}


def test_an_illegal_transition_opens_an_issue_that_the_next_legal_one_resolves() -> None:
    key = ("illegal_transition", "7")
    found = requests("draft", "approved")[key]
    assert (found["detail"], found["detected_at"], found["resolved_at"]) == ("draft -> approved", at(1), None)
    assert found["entity"] == "service_servicerequest"
    found = requests("draft", "approved", "approved", "success")[key]
    assert (found["detected_at"], found["resolved_at"]) == (at(1), at(3))


def test_a_second_illegal_transition_keeps_the_issue_open_since_the_first() -> None:
    found = requests("draft", "approved", "draft")["illegal_transition", "7"]
    assert (found["detail"], found["detected_at"], found["resolved_at"]) == ("approved -> draft", at(1), None)


def test_an_issue_that_comes_back_is_detected_anew() -> None:
    found = requests("draft", "approved", "success", "draft")["illegal_transition", "7"]
    assert (found["detected_at"], found["resolved_at"]) == (at(3), None)


def test_an_unknown_status_is_an_issue_while_it_lasts_and_a_snapshot_shows_it_too() -> None:
    found = requests("draft", "odd", "rejected")["unknown_status", "7"]
    assert (found["detected_at"], found["resolved_at"]) == (at(1), at(2))
    sink = folded(REQUESTS, [change(REQUESTS, 0, "read", 7, 0, START, status="odd")])
    assert opened(sink) == {("unknown_status", "7")}


def test_a_snapshot_is_never_an_illegal_transition_and_resolves_none() -> None:
    log = [
        change(REQUESTS, 0, "read", 7, 0, at(0), status="approved"),
        change(REQUESTS, 1, "update", 7, 5, at(1), status="draft"),
        change(REQUESTS, 2, "read", 7, 0, at(2), status="sent"),
    ]
    assert opened(folded(REQUESTS, log[:1])) == set()
    assert opened(folded(REQUESTS, log)) == {("illegal_transition", "7")}


def test_the_removal_of_a_row_resolves_all_its_issues() -> None:
    found = requests("odd", None)
    assert set(found) == {("illegal_transition", "7"), ("unknown_status", "7")}
    assert {issue["resolved_at"] for issue in found.values()} == {at(1)}


def test_a_request_that_is_its_own_parent_is_an_issue_until_it_is_not() -> None:
    log = [change(REQUESTS, n, "update" if n else "create", 7, n + 1, at(n), status="draft", parent_id=parent)
           for n, parent in enumerate([7, 7, 3])]  # fmt: skip
    found = issues(folded(REQUESTS, log))["self_parent", "7"]
    assert (found["detected_at"], found["resolved_at"]) == (at(0), at(2))


def test_a_booking_that_ends_before_it_starts_is_an_issue_until_it_is_mended() -> None:
    found = bookings((START, START - 1), (START, START), (START, START + 1))["end_before_start"]
    assert (found["detected_at"], found["resolved_at"]) == (at(0), at(2))


def test_a_booking_of_more_than_31_days_is_too_long_and_one_of_31_is_not() -> None:
    assert bookings((START, START + 31 * DAY)) == {}
    assert bookings((START, START + 31 * DAY + 1))["too_long"]["resolved_at"] is None
    assert bookings((START, START + 31 * DAY + 1), None)["too_long"]["resolved_at"] == at(1)


def bad(
    offset: int, operation: str = "update", *unfit: str, unavailable: tuple[int, ...] = (), **values: Any
) -> Change:
    made = row(REQUESTS, 7, status="draft", **values)
    return Change(offset, operation, 7, offset + 1, at(offset), made, unavailable, unfit)


def test_a_value_that_does_not_fit_is_an_issue_until_the_row_has_one_that_does() -> None:
    log = [bad(0, "create", "updated_at: expected an instant"), bad(1, "update", "created_at: expected an instant")]
    found = issues(folded(REQUESTS, log))["bad_value", "7"]
    assert (found["detail"], found["detected_at"], found["resolved_at"]) == (
        "created_at: expected an instant",
        at(0),
        None,
    )
    mended = issues(folded(REQUESTS, [*log, bad(2)]))["bad_value", "7"]
    assert mended["resolved_at"] == at(2)


def test_the_removal_of_a_row_resolves_its_bad_value() -> None:
    log = [bad(0, "create", "updated_at: expected an instant"), Change(1, "delete", 7, 2, at(1))]
    assert opened(folded(REQUESTS, log)) == set()


def test_a_bad_value_stays_one_while_updates_do_not_carry_it() -> None:
    names = [column.name for column in REQUESTS.table.table.columns]
    service = names.index("service_id")
    log = [
        bad(0, "create", "service_id: expected text, got a map", "updated_at: expected an instant"),
        bad(1, unavailable=(service,)),
    ]
    found = issues(folded(REQUESTS, log))["bad_value", "7"]
    assert (found["detail"], found["resolved_at"]) == ("service_id: expected text, got a map", None)
    assert opened(folded(REQUESTS, [*log, bad(2, service_id="A")])) == set()


def test_an_issue_is_of_one_row_only() -> None:
    log = numbered([
        change(REQUESTS, 0, "create", 1, 1, START, status="odd"),
        change(REQUESTS, 0, "create", 2, 2, START, status="odd"),
        change(REQUESTS, 0, "delete", 1, 3, START),
    ])  # fmt: skip
    assert {key for _, key in opened(folded(REQUESTS, log))} == {"2"}


def vacancy(offset: int, low: int | None, high: int | None, **rest: Any) -> Change:
    kind = "update" if offset else "create"
    return change(VACANCIES, offset, kind, 7, offset + 1, at(offset), salary_min=low, salary_max=high, **rest)


def test_a_salary_range_that_is_upside_down_or_negative_is_an_issue_until_it_is_mended() -> None:
    log = [vacancy(0, 5, 4, status="sent"), vacancy(1, -1, None, status="sent"), vacancy(2, 4, 4, status="sent")]
    found = issues(folded(VACANCIES, log[:2]))["salary_range", "7"]
    assert (found["entity"], found["detail"], found["resolved_at"]) == ("core_vacancy", "negative", None)
    assert issues(folded(VACANCIES, log))["salary_range", "7"]["resolved_at"] == at(2)
    assert opened(folded(VACANCIES, [vacancy(0, None, 4, status="sent")])) == set()


def test_rules_over_rows_and_over_entities_do_not_resolve_each_other() -> None:
    log = [vacancy(0, 5, 4, status="odd"), vacancy(1, 5, 4, status="sent"), vacancy(2, 5, 4, status="success")]
    assert opened(folded(VACANCIES, log[:1])) == {
        ("salary_range", "7"), ("unknown_status", "7"), ("illegal_transition", "7"),
    }  # fmt: skip
    assert opened(folded(VACANCIES, log)) == {("salary_range", "7")}


def test_a_table_without_a_lifecycle_has_rules_too_and_they_outlive_a_restart() -> None:
    log = [
        change(COMMENTS, 0, "create", 7, 1, at(0), parent_id=7),
        change(COMMENTS, 1, "update", 7, 2, at(1), parent_id=6),
    ]
    sink = folded(COMMENTS, log[:1])
    assert opened(sink) == {("self_parent", "7")}
    again = fold_of(COMMENTS)
    mirror = [(0, 7, *made[-4:]) for made in sink.rows["core_comment"].values()]
    recall_mirror({0: again}, list(zip(*mirror, strict=True)))
    again.load_issues(sink.rows["dq_issues"].values())
    again.fold(log[1:], 2)
    sink.write(again.take())
    assert issues(sink)["self_parent", "7"]["resolved_at"] == at(1)
