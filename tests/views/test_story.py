"""Every view of the other domains shows what an independent computation over the same rows and events shows."""

from itertools import chain
from typing import Any

import pytest

from sinks.clickhouse import Client
from tests.views.company_oracle import COMPANY_VIEWS
from tests.views.conftest import Opened
from tests.views.content_oracle import CONTENT_VIEWS
from tests.views.story import Story, random_story, tell
from tests.views.test_views import assert_same, shown
from tests.views.world import World

SEEDS = range(3)
VIEWS = [*CONTENT_VIEWS.items(), *COMPANY_VIEWS.items()]


@pytest.fixture(scope="module", params=SEEDS)
def told(request: pytest.FixtureRequest, opened: Opened) -> tuple[Client, Story]:
    client, story = opened(World()), random_story(request.param)
    tell(client, story)
    return client, story


@pytest.mark.parametrize(("view", "oracle"), VIEWS, ids=[view for view, _ in VIEWS])
def test_a_view_shows_what_happened(told: tuple[Client, Story], view: str, oracle: Any) -> None:
    client, story = told
    columns, expected = oracle
    rows = list(expected(story))
    assert rows, "the story has nothing to show"
    assert_same([hashable(row) for row in shown(client, view, columns)], rows)


def hashable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        tuple(sorted(value.items())) if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value
        for value in row
    )


def test_events_to_come_are_on_top_the_next_one_first(told: tuple[Client, Story]) -> None:
    found = shown(told[0], "v_events", "upcoming starts_at")
    coming = [start for upcoming, start in found if upcoming]
    assert [upcoming for upcoming, _ in found] == sorted((upcoming for upcoming, _ in found), reverse=True)
    assert coming == sorted(coming)


def test_every_public_view_has_an_oracle(told: tuple[Client, Story]) -> None:
    from tests.views.oracle import VIEWS as REQUESTS

    steps = {"v_titles", "v_service_titles", "v_request_arrivals", "v_request_creations", "v_booking_occupancy",
             "v_feed_items", "v_techorda_students", "v_techorda_reports"}  # fmt: skip
    names = told[0].query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'")
    assert {name for (name,) in names.result_rows} == {*chain(CONTENT_VIEWS, COMPANY_VIEWS, REQUESTS)} | steps
