"""A card is as old as the tables that its query names: what it reads, through every view, must be among them.

Titles are left out: a name that is a moment old makes no figure wrong.
"""

import re
from functools import cache

import pytest

from schemas.contract import load_contract
from schemas.lifecycles import load_lifecycles
from sinks.catalogue import Query, load_catalogue
from sinks.view import load_views

CONTRACT, LIFECYCLES, CATALOGUE = load_contract(), load_lifecycles(), load_catalogue()
VIEWS = {view.name: view.statement for view in load_views(CONTRACT, LIFECYCLES, "Asia/Almaty")}
TITLES = {"v_titles", "v_service_titles"}
DERIVED = {
    "request": {"requests", "request_transitions", "request_backlog", "request_backlog_1h", "request_flow_1h"},
    "booking": {"bookings", "booking_transitions", "room_hours"},
    "content": {"content_items", "content_transitions", "content_backlog", "content_backlog_1h"},
    "company": {"companies", "company_transitions"},
}
"""Tables of the worker, by the first part of the name of their entities' table of facts."""
CAPTURED = {
    name: {each.table for each in LIFECYCLES.values() if each.facts == f"{kind}_transitions"}
    for kind, names in DERIVED.items()
    for name in names
}

CONTENT = CAPTURED["content_items"]


@cache
def sources(relation: str) -> frozenset[str]:
    """Captured tables behind a table or a view."""
    if relation in CONTRACT.tables:
        return frozenset({relation})
    if relation in CAPTURED:
        return frozenset(CAPTURED[relation])
    if relation in TITLES or relation not in VIEWS:
        return frozenset()
    return behind(VIEWS[relation]) - {relation}


def behind(sql: str) -> frozenset[str]:
    read = set(re.findall(r"(?:FROM|(?<!ARRAY )JOIN)\s+`?(\w+)`?", sql))
    return frozenset().union(*(sources(name) for name in read))


@pytest.mark.parametrize("query", CATALOGUE.values(), ids=CATALOGUE)
def test_a_query_names_every_table_that_its_figures_come_from(query: Query) -> None:
    if query.tables == ("pipeline",) or query.name == "service_titles":
        return
    found, named = behind(query.sql), set(query.tables)
    if named & CONTENT:  # one table holds four kinds of content, and a query may be about one of them
        found -= CONTENT
    assert found or named & CONTENT, "nothing captured is read"
    titled = {"service_service", "booking_room", "core_city", "core_category", "core_organization"}
    assert found - titled <= named
