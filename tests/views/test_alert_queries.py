"""The SQL that an alert carries, and that of its runbook, runs."""

import re
from pathlib import Path

import pytest

from deploy.prometheus.alerts import alerts
from deploy.prometheus.thresholds import load_thresholds
from sinks.clickhouse import Client

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"
CARRIED = {alert.query for alert in alerts(load_thresholds())}
WRITTEN = {" ".join(sql.split()) for sql in re.findall(r"`(SELECT [^`]*FROM[^`]*)`", PAGE.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("query", sorted(CARRIED | WRITTEN))
def test_it_runs_as_it_is(everything: Client, query: str) -> None:
    everything.query(re.sub(r"\{\{ \$labels\.\w+ \}\}", "event", query))


def test_there_is_something_to_run() -> None:
    assert len(CARRIED) > 8 and len(WRITTEN) > 5
