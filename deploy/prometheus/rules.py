"""Alerts -> the text of `alerts.yml`, in Prometheus' own form."""

from itertools import groupby
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.prometheus.alerts import Alert, alerts
from deploy.prometheus.thresholds import Thresholds, load_thresholds

FILE: Final = Path(__file__).with_name("alerts.yml")
HEAD: Final = "# Made from thresholds.yaml by `python -m deploy.prometheus`; do not change it here.\n"


def document(thresholds: Thresholds) -> dict[str, Any]:
    made = sorted(alerts(thresholds), key=lambda alert: alert.category)
    return {
        "groups": [
            {"name": f"techhub-{category}", "rules": [rule(alert, thresholds.runbooks) for alert in group]}
            for category, group in groupby(made, key=lambda alert: alert.category)
        ]
    }


def rule(alert: Alert, runbooks: str) -> dict[str, Any]:
    notes = {
        "summary": alert.summary,
        "description": alert.description,
        "query": alert.query,
        "runbook_url": f"{runbooks}#{alert.name.lower()}",
    }
    found = {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.wait,
        "keep_firing_for": alert.keep,
        "labels": {"severity": alert.severity, "category": alert.category, **alert.labels},
        "annotations": {name: value for name, value in notes.items() if value},
    }
    return {name: value for name, value in found.items() if value}


def text() -> str:
    written: str = yaml.safe_dump(document(load_thresholds()), sort_keys=False, allow_unicode=True, width=110)
    return HEAD + written
