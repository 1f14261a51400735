"""What the words mean for content, companies and studies, one case each, with the figures written out."""

from datetime import date
from typing import Any

import pytest

from sinks.clickhouse import Client
from tests.views.conftest import Opened
from tests.views.story import Event, Story, tell
from tests.views.test_story import hashable
from tests.views.test_views import shown
from tests.views.world import DAY, HOUR, MINUTE, NOW, SECOND, World

CAPTURE = NOW - 30 * HOUR
MORNING = NOW - 10 * HOUR - 17 * MINUTE
"""In the middle of the night in UTC, on 2026-11-22 in Almaty already."""
TODAY = date(2026, 11, 22)


def row(id_: int, **values: Any) -> Event:
    """As the snapshot found it."""
    return Event("read", id_, CAPTURE, {"id": id_, **values})


def life(id_: int, *statuses: str | None, **values: Any) -> list[Event]:
    """A row that the stream saw come, a minute between its statuses; None deletes it."""
    return [
        Event("create" if n == 0 else "delete" if status is None else "update", id_, MORNING + n * MINUTE,
              None if status is None else {"id": id_, "status": status, **values})
        for n, status in enumerate(statuses)
    ]  # fmt: skip


STORY = Story({
    "core_vacancy": (
        row(1, status="success", published=True, city_id=7, vacancy_type="fulltime", salary_min=100, salary_max=0),
        row(2, status="success", published=False, city_id=7, vacancy_type="fulltime", salary_min=900),
        row(3, status="success", published=None, city_id=7, vacancy_type="fulltime", salary_min=300),
        *life(4, "sent", "success", "deleted", city_id=8, vacancy_type="project", company_id=5),
        *life(5, "sent", "success", "draft", "success", city_id=8, vacancy_type="project", company_id=5),
    ),
    "core_vacancycandidate": (row(1, vacancy_id=1), row(2, vacancy_id=1), row(3, vacancy_id=3), row(4, vacancy_id=2)),
    "core_city": (row(8, name={"kk": "Алматы", "en": ""}),),
    "core_event": (
        row(1, status="sent", view_count=0, organization_id=3, updated_at=NOW - 2 * DAY),
        row(2, status="correction", view_count=10, title={"en": "Meetup"}, updated_at=NOW - DAY),
        *life(3, "draft", "sent", "success", "deleted", None, organization_id=4),
    ),
    "core_eventparticipant": (
        row(1, event_id=1, created_at=NOW), row(2, event_id=2, created_at=NOW), row(3, event_id=99, created_at=NOW),
        row(4, event_id=2),
    ),
    "core_feed": (
        row(1, blog_id=1, published=True, created_at=NOW), row(2, blog_id=1, published=True, created_at=NOW - DAY),
        row(3, event_id=2, published=False, created_at=NOW), row(4, discussion_id=6, created_at=NOW),
    ),
    "core_blog": (row(1, status="success", view_count=5, likes=2, dislikes=1),),
    "core_comment": (
        row(1, source="blog", primary_key=1, created_at=NOW, status="active"),
        row(2, source="core_blog", primary_key=1, parent_id=1, created_at=NOW, status="hidden"),
        row(3, source="blog", primary_key=2),
    ),
    "account_company": (row(1, company_type="law", status="active", tag_startup=True),),
    "booking_booking": (row(1, company_id=9, status="active"),),
    "service_servicerequest": (*life(1, "draft", "sent", "approved", service_id="s1"),),
    "service_servicerequeststatus": (
        *life(1, "draft", service_request_id=1, user_id=7),
        Event("create", 2, MORNING + MINUTE, {"id": 2, "status": "sent", "service_request_id": 1, "user_id": 8}),
        Event("create", 3, MORNING + MINUTE + 1, {"id": 3, "status": "approved", "service_request_id": 1}),
    ),
    "techorda_course": (row(1, school_id=2, flow_id=1),),
    "service_techordastudent": (
        row(1, course_id=1, status="graduated"), row(2, course_id=1, school_id=3, status="studying"),
        row(3, course_id=4, status="expelled"),
    ),
})  # fmt: skip


@pytest.fixture(scope="module")
def client(opened: Opened) -> Client:
    made = opened(World())
    tell(made, STORY)
    return made


def look(client: Client, view: str, columns: str) -> set[tuple[Any, ...]]:
    return {hashable(found) for found in shown(client, view, columns)}


def test_who_changed_a_status_is_in_the_history_row_of_the_same_transaction(client: Client) -> None:
    assert look(client, "v_request_changes", "request_id from_status to_status at user_id") == {
        (1, "", "draft", MORNING, 7), (1, "draft", "sent", MORNING + MINUTE, 8),
        (1, "sent", "approved", MORNING + 2 * MINUTE, None),
    }  # fmt: skip


def test_a_first_arrival_counts_once_and_where_a_snapshot_found_content_is_none(client: Client) -> None:
    columns = "day content_type company_id organization_id published rejected deleted"
    assert look(client, "v_content_publications_daily", columns) == {
        (TODAY, "vacancy", 5, None, 2, 0, 1),
        (TODAY, "event", None, 4, 1, 0, 1),
    }


def test_what_waits_for_moderation_or_correction_is_backlog(client: Client) -> None:
    columns = "content_type status waiting_on items oldest_age_seconds"
    assert look(client, "v_content_backlog", columns) == {
        ("event", "sent", "staff", 1, 2 * 86400), ("event", "correction", "author", 1, 86400),
    }  # fmt: skip


def test_a_vacancy_is_active_while_it_is_published_and_not_taken_back(client: Client) -> None:
    found = look(client, "v_vacancies", "vacancy_id active candidates lifetime_seconds")
    until_now = (NOW - MORNING - MINUTE) / SECOND
    assert found == {
        (1, True, 2, None), (2, False, 1, None), (3, True, 1, None), (4, False, 0, 60.0), (5, True, 0, until_now),
    }  # fmt: skip


def test_the_market_is_of_active_vacancies_with_a_salary_and_shows_a_city_that_is_gone_by_its_id(
    client: Client,
) -> None:
    columns = "city_id city_ru city_en vacancy_type active candidates_per_vacancy avg_salary_min avg_salary_max"
    assert look(client, "v_vacancy_market", columns) == {
        (7, "7", "7", "fulltime", 2, 1.5, 200.0, None),
        (8, "Алматы", "Алматы", "project", 1, 0.0, None, None),
    }


def test_conversion_is_null_without_views(client: Client) -> None:
    found = look(client, "v_event_engagement", "event_id title_kk participants views conversion")
    assert found == {(1, "1", 1, 0, None), (2, "Meetup", 2, 10, 0.2)}


def test_a_registration_counts_though_its_event_is_gone_and_not_without_an_instant(client: Client) -> None:
    found = look(client, "v_registrations_daily", "day event_id organization_id registrations")
    assert found == {(TODAY, 1, 3, 1), (TODAY, 2, None, 1), (TODAY, 99, None, 1)}


def test_the_feed_shows_each_content_once_the_most_watched_first(client: Client) -> None:
    assert look(client, "v_feed_top", "rank content_type content_id title_ru views comments reactions") == {
        (1, "blog", 1, "1", 5, 2, 3), (2, "discussion", 6, "6", 0, 0, 0),
    }  # fmt: skip
    assert look(client, "v_feed_daily", "day content_type items") == {
        (TODAY, "discussion", 1), (date(2026, 11, 21), "blog", 1),
    }  # fmt: skip


def test_an_answer_is_a_comment_too(client: Client) -> None:
    assert look(client, "v_comment_activity_daily", "source comments replies statuses") == {
        ("blog", 1, 0, (("active", 1),)), ("core_blog", 1, 1, (("hidden", 1),)),
    }  # fmt: skip


def test_a_company_that_is_gone_is_shown_by_its_id(client: Client) -> None:
    found = look(client, "v_company_activity", "company_id company_type tags vacancies bookings")
    assert found == {(1, "law", ("tag_startup",), 0, 0), (5, "", (), 2, 0), (9, "", (), 0, 1)}


def test_a_student_is_of_the_school_he_names_else_of_that_of_his_course(client: Client) -> None:
    found = look(client, "v_techorda_schools", "school_id courses students graduates")
    assert found == {(2, 1, 1, 1), (3, 0, 1, 0)}
    assert look(client, "v_techorda_courses", "course_id students graduates") == {(1, 2, 1), (4, 1, 0)}


def test_a_reference_to_nothing_is_an_orphan_only_where_its_table_has_rows(client: Client) -> None:
    assert look(client, "v_dq_orphans", "entity entity_id reference missing_id") == {
        ("core_eventparticipant", 3, "event_id", "99"), ("core_vacancy", 1, "city_id", "7"),
        ("core_vacancy", 2, "city_id", "7"), ("core_vacancy", 3, "city_id", "7"),
        ("core_vacancy", 4, "company_id", "5"), ("core_vacancy", 5, "company_id", "5"),
        ("booking_booking", 1, "company_id", "9"), ("service_techordastudent", 3, "course_id", "4"),
        ("core_comment", 3, "primary_key", "2"),
    }  # fmt: skip
