"""Every query on the page of metrics runs on the engine or is one of the catalogue, and gives the columns it names."""

import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from sinks.catalogue import load_catalogue
from sinks.clickhouse import Client
from tests.views.company_oracle import COMPANY_VIEWS
from tests.views.conftest import Opened
from tests.views.content_oracle import CONTENT_VIEWS
from tests.views.oracle import VIEWS
from tests.views.story import random_story, tell
from tests.views.world import World

CATALOGUE: Final = load_catalogue()
PAGE: Final = Path(__file__).parents[2] / "docs" / "metrics.md"


class Metric(NamedTuple):
    domain: str
    name: str
    view: str
    columns: str
    definition: str
    query: str


def metrics() -> list[Metric]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return [Metric(*(cell.strip(" `") for cell in row)) for row in rows if len(row) == 6 and row[0] != "domain"]


@pytest.fixture(scope="module")
def client(opened: Opened) -> Client:
    made = opened(World())
    tell(made, random_story(7))
    return made


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: f"{metric.domain}: {metric.name}")
def test_a_query_runs_and_its_view_has_the_columns(client: Client, metric: Metric) -> None:
    columns = set(re.findall(r"\w+", metric.columns))
    assert columns <= set(client.query(f"SELECT * FROM {metric.view} LIMIT 0").column_names)
    if named := re.fullmatch(r"\[`(\w+)`\]\(queries\.md#\1\)", metric.query):
        query = CATALOGUE[named[1]]  # runs in tests/views/test_catalogue.py
        assert re.search(rf"\b(FROM|JOIN) {metric.view}\b", query.sql) and columns <= set(query.columns)
    else:
        assert re.search(rf"\bFROM {metric.view}\b", metric.query), metric.query
        client.query(metric.query)


def test_every_view_that_shows_a_figure_is_on_the_page() -> None:
    assert {metric.view for metric in metrics()} == {*VIEWS, *CONTENT_VIEWS, *COMPANY_VIEWS}


def test_the_page_says_what_is_left_out_and_why() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(word in text for word in ("contact_info", "hubformdata", "personal data", "noise and secrets"))
