"""What `serve` tells Prometheus: figures as the views have them, and nothing where they could not be read."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from connectors.catalogue import Slot
from dashboard import metrics
from dashboard.metrics import add_metrics, families, slot_families
from schemas.settings import Settings
from sinks.answers import Answer, ask
from sinks.catalogue import load_catalogue
from tests.clickhouse_server import free_port
from tests.prometheus.conftest import Warehouse

CATALOGUE = load_catalogue()
Told = dict[str, dict[tuple[tuple[str, str], ...], float]]


def told(settings: Settings) -> Told:
    """Samples by metric and labels, asked for over HTTP."""

    async def run() -> str:
        app = web.Application()
        add_metrics(app, settings, CATALOGUE)
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/metrics")
            assert answer.status == 200
            return await answer.text()

    found: Told = {}
    for family in text_string_to_metric_families(asyncio.run(run())):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def at(**labels: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def test_every_figure_is_told_as_its_query_answers(warehouse: Warehouse) -> None:
    warehouse.requests(range(1, 6), "sent", age=timedelta(hours=3))
    warehouse.requests(range(6, 8), "draft", "S2")
    found = told(warehouse.settings)
    assert found["techhub_figures_readable"] == {(): 1}
    assert "techhub_query_failed" not in found
    assert found["techhub_backlog_requests"] == {
        at(service="S1", status="sent"): 5,
        at(service="S2", status="draft"): 2,
    }
    oldest = found["techhub_oldest_request_age_seconds"]
    assert sorted(oldest) == [at(service="S1", request_id=str(id_)) for id_ in (1, 2, 3)]
    assert all(3 * 3600 <= age < 4 * 3600 for age in oldest.values())
    assert "techhub_booking_cancelled_share" not in found, "without bookings there is no share, and not a zero"
    stalled = {dict(labels)["table"]: value for labels, value in found["techhub_freshness_stalled"].items()}
    assert stalled["service_servicerequest"] == 0 and stalled["landing_page"] == 1
    for query in CATALOGUE.values():
        rows = ask(warehouse.client, query, warehouse.settings.zone).records() if query.metrics else []
        for metric in query.metrics:
            assert len(found.get(metric.name, {})) == sum(row[metric.value] is not None for row in rows), metric.name


def test_a_query_that_fails_is_named_and_the_others_are_told(warehouse: Warehouse) -> None:
    warehouse.client.command("DROP VIEW v_booking_overlaps")
    found = told(warehouse.settings)
    failed = {"overlaps_total": "rooms", "dq": "pipeline"}
    assert found["techhub_query_failed"] == {at(query=query, domain=domain): 1 for query, domain in failed.items()}
    assert "techhub_booking_overlaps" not in found
    assert found["techhub_figures_readable"] == {(): 1} and found["techhub_dead_letters"] == {(): 0}


def test_without_clickhouse_no_figure_is_told() -> None:
    nobody = Settings(clickhouse_dsn=f"http://techhub:x@127.0.0.1:{free_port()}", postgres_dsn=None, _env_file=None)
    found = told(nobody)
    assert found.pop("techhub_figures_readable") == {(): 0}
    assert not [name for name in found if name.startswith("techhub_")]


def test_a_source_that_does_not_answer_is_unknown() -> None:
    dsn = f"postgresql://techhub:x@127.0.0.1:{free_port()}/techhub"
    found = told(Settings(clickhouse_dsn=f"http://127.0.0.1:{free_port()}", postgres_dsn=dsn, _env_file=None))
    assert found["techhub_source_readable"] == {(): 0}
    assert not [name for name in found if name.startswith("techhub_slot")]


@pytest.mark.parametrize(
    ("slot", "lost"),
    [
        (None, 1),
        (Slot("s", "pgoutput", None, "lost", None, 1, 10, 10, None), 1),
        (Slot("s", "pgoutput", None, "unreserved", "wal_removed", 1, 10, 10, None), 1),
        (Slot("s", "pgoutput", 7, "reserved", None, 1, 10, 3, 90), 0),
    ],
)
def test_a_slot_that_is_gone_or_invalidated_is_lost(slot: Slot | None, lost: int) -> None:
    found = {family.name: family.samples[0].value for family in slot_families(slot)}
    assert found["techhub_source_readable"] == 1 and found["techhub_slot_lost"] == lost
    assert ("techhub_slot_safe_bytes" in found) == (slot is not None and slot.safe is not None)


def test_a_metric_tells_a_bounded_number_of_samples_the_greatest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "LIMIT", 2)
    answer = Answer(("table", "stalled"), [("a", 1), ("b", 3), ("c", None), ("d", 2)])
    family, left_out = families(CATALOGUE["tables_stalled"], answer)
    assert [(sample.labels["table"], sample.value) for sample in family.samples] == [("b", 3), ("d", 2)]
    assert [sample.value for sample in left_out.samples] == [1]
