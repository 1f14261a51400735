"""The catalogue is read strictly: a mistake names file and field. And its own files keep their promises."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from schemas.contract import load_contract
from sinks.catalogue import (
    MEASURED,
    CatalogueError,
    Column,
    Glossary,
    Query,
    Term,
    load_catalogue,
    load_glossary,
    read_query,
)
from sinks.parameters import Parameter, ParameterError, bind

CATALOGUE = load_catalogue()
WORDS = {"ru": "Слово", "kk": "Сөз", "en": "Word", "meaning": "what it means"}
GLOSSARY = Glossary(
    columns={name: Column(unit="requests", **WORDS) for name in ("service", "requests")},
    parameters={"services": Term(**WORDS), "since": Term(**WORDS)},
)
GOOD = """\
-- title: {ru: Очередь, kk: Кезек, en: Backlog}
-- answers: How many wait.
-- domain: operations
-- kind: table
-- unit: requests
-- tables: [service_servicerequest]
-- columns: [service, requests]
-- parameters: {services: []}
SELECT service, requests FROM v_request_backlog WHERE has({services:Array(String)}, service)
"""


def test_a_query_is_its_front_matter_and_its_statement() -> None:
    query = read_query("backlog", GOOD, GLOSSARY)
    assert (query.name, query.title.kk, query.unit) == ("backlog", "Кезек", "requests")
    assert query.sql.startswith("SELECT service, requests FROM")
    assert list(query.columns) == ["service", "requests"]
    assert query.parameters == {"services": Parameter("Array(String)", [], "what it means")}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-- kind: table", "-- kind: table\n-- colour: red", "backlog.sql: colour: unknown field"),
        ("kind: table", "kind: cake", "backlog.sql: kind: input should be 'stat', 'table'"),
        ("unit: requests", "unit: parsecs", "backlog.sql: unit: input should be"),
        ("kk: Кезек, ", "", "backlog.sql: title.kk: field required"),
        ("-- answers: How many wait.\n", "", "backlog.sql: answers: field required"),
        ("columns: [service, requests]", "columns: [service, apples]", "backlog.sql: columns: apples: is not in"),
        ("parameters: {services: []}", "parameters: {}", "backlog.sql: parameters: services: expected both in"),
        ("{services: []}", "{services: [], since: now}", "backlog.sql: parameters: since: expected both in"),
        ("{services: []}", "{services: 7}", "backlog.sql: parameters: services: 7: expected a list"),
        ("Array(String)}", "Map(String)}", "backlog.sql: parameters: services: unknown type Map(String)"),
        ("-- kind: table", "-- kind: table\n-- kind: stat", "backlog.sql: front matter is not valid YAML"),
        (
            "-- kind: table",
            "-- kind: table\n-- thresholds: {age: {warning: 1, critical: 2}}",
            "backlog.sql: thresholds: age: expected one of service, requests",
        ),
        (
            "-- kind: table",
            "-- kind: table\n-- thresholds: {requests: {warning: 2, critical: 1}}",
            "backlog.sql: thresholds.requests: expected warning before critical",
        ),
        (
            "-- kind: table",
            "-- kind: table\n-- metrics: [{name: techhub_x, value: requests, labels: [city]}]",
            "backlog.sql: metrics: city: expected one of service, requests",
        ),
        ("SELECT", "DROP TABLE requests; SELECT", "backlog.sql: expected front matter in comment lines, then one"),
        ("SELECT", "INSERT INTO requests SELECT", "backlog.sql: expected front matter in comment lines, then one"),
        ("service)", "'service)", "backlog.sql: line 1: ' is never closed"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_and_field(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(CatalogueError) as error:
        read_query("backlog", GOOD.replace(old, new), GLOSSARY)
    assert complaint in str(error.value)


NOW = datetime(2026, 3, 4, 20, 30, 15, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")


@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        ("String", "open", "open"),
        ("UInt32", "17", 17),
        ("UInt32", 17, 17),
        ("Float64", "0.5", 0.5),
        ("Array(String)", "a, b,", ["a", "b"]),
        ("Array(String)", ["a,b"], ["a,b"]),
        ("Array(Int64)", "3,-4", [3, -4]),
        ("Array(Int64)", "", []),
        ("DateTime('UTC')", "now", "2026-03-04 20:30:15"),
        ("DateTime('UTC')", "now-90s", "2026-03-04 20:28:45"),
        ("DateTime('UTC')", "today", "2026-03-04 19:00:00"),
        ("DateTime('UTC')", "today+1d", "2026-03-05 19:00:00"),
        ("DateTime('UTC')", "2026-03-05T09:00", "2026-03-05 04:00:00"),
        ("DateTime('UTC')", "2026-03-05T09:00Z", "2026-03-05 09:00:00"),
        ("DateTime('UTC')", NOW, "2026-03-04 20:30:15"),
        ("Date32", "today", "2026-03-05"),
        ("Date32", "today-2w", "2026-02-19"),
        ("Date32", "2026-01-31", "2026-01-31"),
        ("Date32", NOW.date(), "2026-03-04"),
    ],
)
def test_a_value_is_sent_as_its_type_wants_it(type_: str, value: object, sent: object) -> None:
    default = {"Float64": 1.0, "String": ""}.get(type_, "now" if "Date" in type_ else [] if "Array" in type_ else 0)
    parameter = Parameter(type_, default, "")  # type: ignore[arg-type]
    assert bind({"x": parameter}, {"x": value}, NOW, ALMATY) == {"x": sent}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("type_", "default", "value", "complaint"),
    [
        ("UInt32", 0, "-1", "parameter x: '-1': expected a whole number, UInt32"),
        ("UInt32", 0, "1.5", "parameter x: '1.5': expected a whole number"),
        ("UInt32", 0, 1.5, "parameter x: 1.5: expected a whole number"),
        ("Array(Int64)", [], "1,two", "parameter x: 'two': expected a whole number, Int64"),
        ("Array(Int64)", [], 5, "parameter x: 5: expected a list"),
        ("DateTime('UTC')", "now", "yesterday", "parameter x: 'yesterday': expected an instant such as"),
        ("DateTime('UTC')", "now", "now-999999w", "parameter x: 'now-999999w': expected an instant such as"),
        ("Date32", "today", 5, "parameter x: 5: expected a day such as"),
        ("String", "", 5, "parameter x: 5: expected a text"),
    ],
)
def test_a_value_that_does_not_fit_is_named(type_: str, default: str, value: str, complaint: str) -> None:
    with pytest.raises(ParameterError) as error:
        bind({"x": Parameter(type_, default, "")}, {"x": value}, NOW, ALMATY)
    assert complaint in str(error.value)


def test_a_parameter_that_the_query_does_not_have_is_refused() -> None:
    with pytest.raises(ParameterError, match="parameter servics: unknown, expected one of services"):
        bind({"services": Parameter("Array(String)", [], "")}, {"servics": []}, NOW, ALMATY)


@pytest.mark.parametrize("query", CATALOGUE.values(), ids=CATALOGUE)
def test_a_query_of_the_catalogue_keeps_its_promises(query: Query) -> None:
    assert set(query.tables) <= {*load_contract().tables, "pipeline"}
    figures = {column.unit for column in query.columns.values()} & MEASURED
    assert query.unit in figures or query.kind in ("table", "timeline"), "the unit of a row, else of a figure"
    first = next(iter(query.columns.values()))
    assert query.kind != "series" or first.unit in ("instant", "day")
    assert query.kind != "timeline" or {"starts_at", "ends_at"} <= query.columns.keys()
    assert query.kind == "stat" or "ORDER BY" in query.sql or "ARRAY JOIN" in query.sql, "rows in no order"
    own = {"watermarks", "seen_until", "dead_letters", "dq_issues", "resync_required", "worker_events", "maintenance"}
    read = set(re.findall(r"(?:FROM|(?<!ARRAY )JOIN) (\w+)", query.sql))
    assert all(name.startswith("v_") or name in own for name in read), "definitions stay in the views"


def test_nothing_in_the_glossary_is_unused() -> None:
    glossary = load_glossary()
    assert set(glossary.columns) == {name for query in CATALOGUE.values() for name in query.columns}
    assert set(glossary.parameters) == {name for query in CATALOGUE.values() for name in query.parameters}


def test_a_metric_has_one_home() -> None:
    names = [metric.name for query in CATALOGUE.values() for metric in query.metrics]
    assert len(set(names)) == len(names)
