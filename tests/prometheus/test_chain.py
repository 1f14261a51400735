"""From a figure in ClickHouse to a person: the real serve, Prometheus and Alertmanager, and a webhook."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from deploy.prometheus.alerts import DOMAINS
from schemas.settings import Settings, environment
from tests.clickhouse_server import await_port, free_port
from tests.prometheus.cases import LIMITS
from tests.prometheus.chain import Chain, chain, until
from tests.prometheus.conftest import Warehouse

MANY = int(LIMITS.requests.backlog.warning or 0)
LARGE = "TechhubBacklogLarge"


@contextmanager
def serving(settings: Settings, log: Path) -> Iterator[int]:
    """The live page as `techhub-cdc serve` starts it; its port."""
    port = free_port()
    with log.open("wb") as output:
        command = [sys.executable, "-m", "ops", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment(settings), stdout=output, stderr=output)
    try:
        await_port(port, process, log)
        yield port
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def explained(told: Chain) -> Iterator[None]:
    """What was firing, silent and told, when a test fails."""
    try:
        yield
    except AssertionError:
        heard = [(receiver, status, name) for receiver, status, name, _ in told.webhook.told]
        print(f"firing: {told.firing()}\nsuppressed: {told.suppressed()}\ntold: {heard}")
        raise


def maintenance(settings: Settings, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "ops", "maintenance", *arguments], env=environment(settings), check=True, timeout=120
    )


def domains(told: Chain, status: str = "firing") -> set[str]:
    return {about["domain"] for about in told.webhook.about("TechhubFiguresStale", status)}


def said(told: Chain, alert: str, status: str = "firing") -> int:
    return len(told.webhook.about(alert, status))


def test_an_alert_reaches_a_person_and_ends_and_unknown_or_announced_it_is_silent(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with (
        serving(warehouse.settings, tmp_path / "serve.log") as port,
        chain(tmp_path, {"techhub-serve": port}) as told,
        explained(told),
    ):
        # a backlog grows: who is told reads of which requests
        warehouse.requests(range(1, MANY), "sent", age=timedelta(minutes=5))
        until(lambda: "TechhubNoWorker" in told.firing(), "rules are evaluated")
        assert LARGE not in told.firing()
        warehouse.requests(range(700, 701), "created", age=timedelta(hours=7))
        until(lambda: said(told, LARGE), "the alert reaches the webhook")
        (about, *_) = told.webhook.about(LARGE)
        assert about["service"] == "S1" and about["summary"] == f"service S1: {MANY} requests wait for staff"
        assert "request 700 for 7h" in about["description"] and about["runbook_url"].endswith("#techhubbackloglarge")
        assert {receiver for receiver, _, name, _ in told.webhook.told if name == LARGE} == {"team"}

        # it is worked off: the end is told, too
        warehouse.requests(range(1, 701), "success")
        until(lambda: said(told, LARGE, "resolved"), "its end reaches the webhook")

        # stale figures: the alert is not told, that they are unknown is
        before = said(told, LARGE)
        warehouse.unseen()
        until(lambda: domains(told) == DOMAINS.keys(), "each domain says that it is stale")
        assert {receiver for receiver, _, name, _ in told.webhook.told if name == "TechhubFiguresStale"} == {"on-call"}
        warehouse.requests(range(1000, 1000 + MANY), "sent")
        until(lambda: LARGE in told.suppressed(), "the business alert is kept silent")
        assert said(told, LARGE) == before

        # figures are back, and maintenance is announced before anybody is told
        maintenance(warehouse.settings, "on", "--for", "1h", "--by", "ada")
        until(lambda: "TechhubMaintenance" in told.firing(), "maintenance is seen")
        warehouse.seen()
        until(lambda: domains(told, "resolved") == DOMAINS.keys(), "figures are known again")
        until(lambda: LARGE in told.suppressed(), "the business alert is still kept silent")
        assert said(told, LARGE) == before and not said(told, "TechhubMaintenance")
        maintenance(warehouse.settings, "off")
        until(lambda: said(told, LARGE) > before, "after maintenance it is told")


def test_when_serve_dies_nobody_is_told_that_a_backlog_has_ended(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.requests(range(1, 1 + MANY), "sent")
    with ExitStack() as alive:
        port = alive.enter_context(serving(warehouse.settings, tmp_path / "serve.log"))
        with chain(tmp_path, {"techhub-serve": port}) as told, explained(told):
            until(lambda: said(told, LARGE), "the alert reaches the webhook")
            until(lambda: "TechhubFiguresUnknown" not in told.firing(), "figures are known")
            before = said(told, "TechhubFiguresUnknown")
            alive.close()
            until(lambda: said(told, "TechhubFiguresUnknown") > before, "somebody says that nothing is known")
            until(lambda: LARGE not in told.firing(), "prometheus has forgotten the figures")
            assert not said(told, LARGE, "resolved")
