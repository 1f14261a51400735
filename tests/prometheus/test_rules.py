"""Every alert, in Prometheus' own test of rules: it speaks, it does not, and when nothing is known somebody says so."""

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from deploy.prometheus.alerts import alerts
from deploy.prometheus.rules import FILE, document, text
from deploy.prometheus.thresholds import Thresholds, ThresholdsError, load_thresholds
from schemas.metrics import METRICS
from sinks.catalogue import load_catalogue
from tests.prometheus.cases import CASES, LIMITS, STALLED, Case, Series, well
from tests.prometheus.tools import program

HERE: Final = FILE.parent
END: Final = 20
"""Minutes: long enough for every alert to speak."""
FIRING: Final = 'count(ALERTS{{alertname="{}",alertstate="firing"{}}})'


def steady(series: Series) -> list[dict[str, str]]:
    return [{"series": name, "values": f"{value:.6f}x{END}"} for name, value in series.items()]


def speaks(alert: str, severity: str = "", at: int = END) -> dict[str, Any]:
    matcher = f',severity="{severity}"' if severity else ""
    return {"expr": FIRING.format(alert, matcher), "eval_time": f"{at}m", "exp_samples": [{"value": 1}]}


def silent(alert: str, severity: str = "", at: int = END) -> dict[str, Any]:
    return {**speaks(alert, severity, at), "exp_samples": []}


def promtool(tests: Sequence[Mapping[str, Any]], directory: Path, rules: Path = FILE) -> None:
    groups = [group["name"] for group in yaml.safe_load(rules.read_text(encoding="utf-8"))["groups"]]
    written = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "group_eval_order": groups,
        "tests": [{"interval": "1m", **test} for test in tests],
    }
    file = directory / "test.yml"
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(file)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_speaks_at_its_limit(tmp_path: Path) -> None:
    promtool(
        [
            {"input_series": steady(well() | case.series), "promql_expr_test": [speaks(case.alert, case.severity)]}
            for case in CASES
        ],
        tmp_path,
    )


def test_each_alert_is_silent_just_before_its_limit_and_all_are_when_all_is_well(tmp_path: Path) -> None:
    quiet = {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{END}m", "exp_samples": []}
    below = [
        {"input_series": steady(well() | case.almost), "promql_expr_test": [silent(case.alert, case.severity)]}
        for case in CASES
    ]
    promtool([*below, {"input_series": steady(well()), "promql_expr_test": [quiet]}], tmp_path)


def test_when_its_figures_are_not_there_an_alert_says_nothing_and_somebody_says_that_nothing_is_known(
    tmp_path: Path,
) -> None:
    def test(case: Case) -> dict[str, Any]:
        itself = [] if case.alert == case.unknown else [silent(case.alert, case.severity)]
        return {"input_series": steady({"nothing": 1}), "promql_expr_test": [*itself, speaks(case.unknown)]}

    promtool([test(case) for case in CASES], tmp_path)


def test_figures_that_go_away_do_not_end_an_alert_before_somebody_says_that_they_are_gone(tmp_path: Path) -> None:
    """serve dies after ten minutes: at no minute is nobody heard."""
    case = next(case for case in CASES if case.alert == "TechhubBacklogLarge")
    series = well() | case.series
    dying = [{"series": name, "values": f"{value:.6f}x10 stale"} for name, value in series.items()]
    minutes = [speaks(case.alert, case.severity, at) for at in (10, 11, 12, 13)]
    unknown = [speaks("TechhubFiguresUnknown", at=at) for at in (13, 16, 20)]
    promtool([{"input_series": dying, "promql_expr_test": [*minutes, *unknown]}], tmp_path)


def test_a_service_with_limits_of_its_own_is_measured_by_them_alone(tmp_path: Path) -> None:
    ours = LIMITS.model_dump() | {
        "requests": {"backlog": {"warning": 10, "critical": None}},
        "services": {"S036": {"backlog": {"warning": 20}}, "S1.5": {"backlog": {}}},
    }
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump(document(Thresholds.model_validate(ours))), encoding="utf-8")

    def waiting(service: str, count: int) -> Series:
        return {f'techhub_backlog_requests{{service="{service}",status="sent"}}': count}

    promtool(
        [
            {
                "input_series": steady(waiting("S036", 19) | waiting("S1.5", 999) | waiting("S1x5", 10)),
                "promql_expr_test": [
                    {
                        "expr": 'sum by (service) (ALERTS{alertname="TechhubBacklogLarge",alertstate="firing"})',
                        "eval_time": f"{END}m",
                        "exp_samples": [{"labels": '{service="S1x5"}', "value": 1}],
                    }
                ],
            },
            {"input_series": steady(waiting("S036", 20)), "promql_expr_test": [speaks("TechhubBacklogLarge")]},
        ],
        tmp_path,
        rules,
    )


def test_an_alert_names_the_oldest_requests_by_id(tmp_path: Path) -> None:
    limit = LIMITS.requests.backlog.warning or 0
    ages = {str(request): 3600 * request for request in (2, 9, 5, 7)}
    oldest = {f'techhub_oldest_request_age_seconds{{service="S1",request_id="{r}"}}': age for r, age in ages.items()}
    series = {'techhub_backlog_requests{service="S1",status="sent"}': limit, **oldest}
    expected = {
        "exp_labels": {"severity": "warning", "category": "business", "domain": "operations", "service": "S1"},
        "exp_annotations": {
            "summary": f"service S1: {limit:g} requests wait for staff",
            "description": "Oldest: request 9 for 9h 0m 0s; request 7 for 7h 0m 0s; request 5 for 5h 0m 0s; ",
            "query": "SELECT request_id, status, since FROM v_requests_open WHERE waiting_on = 'staff' AND service = "
            "'S1' ORDER BY since LIMIT 10",
            "runbook_url": f"{LIMITS.runbooks}#techhubbackloglarge",
        },
    }
    test = {"eval_time": f"{END}m", "alertname": "TechhubBacklogLarge", "exp_alerts": [expected]}
    promtool([{"input_series": steady(series), "alert_rule_test": [test]}], tmp_path)


def test_dead_letters_and_restarts_speak_when_they_grow_and_not_for_what_was_before(tmp_path: Path) -> None:
    letters = {"series": "techhub_dead_letters", "values": "4x20 5x20"}
    restarts = {"series": 'techhub_worker_restarts_total{instance="w0"}', "values": "2x20 3+2x4 11x15"}
    tests = [
        silent("TechhubDeadLetters", at=20),
        speaks("TechhubDeadLetters", at=24),
        silent("TechhubDeadLetters", at=39),
    ]
    tests += [silent("TechhubWorkerRestarts", at=20), speaks("TechhubWorkerRestarts", at=26)]
    promtool([{"input_series": [letters, restarts], "promql_expr_test": tests}], tmp_path)


def test_stale_figures_speak_for_their_own_domain_only(tmp_path: Path) -> None:
    stale = {
        "expr": 'count by (domain) (ALERTS{category="freshness",alertstate="firing"})',
        "eval_time": f"{END}m",
        "exp_samples": [{"labels": '{domain="rooms"}', "value": 1}],
    }
    promtool([{"input_series": steady(well() | {STALLED: 1}), "promql_expr_test": [stale]}], tmp_path)


def test_every_alert_has_a_case() -> None:
    elsewhere = {"TechhubDeadLetters", "TechhubWorkerRestarts"}
    assert {alert.name for alert in alerts(LIMITS)} == {case.alert for case in CASES} | elsewhere


def test_the_rules_are_what_the_thresholds_say() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "python -m deploy.prometheus"


def test_rules_ask_only_for_metrics_that_are_declared() -> None:
    declared = set(METRICS) | {metric.name for query in load_catalogue().values() for metric in query.metrics}
    told = " ".join(f"{alert.expr} {alert.description}" for alert in alerts(LIMITS))
    assert set(re.findall(r"techhub_\w+", told)) <= declared


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("oldest: {warning: 2d", "oldest: {warning: 2 days", "content.oldest.warning: expected a time such as"),
        ("backlog: {warning: 50", "backlog: {warning: 500", "requests.backlog: expected warning below critical"),
        ("slot_safe_bytes: {warning: 1", "slot_safe_bytes: {warning: 0", "slot_safe_bytes: expected warning above"),
        ("  S046: {oldest", "  S046: {age", "services.S046.age: Extra inputs are not permitted"),
        ("rooms:", "rooms: [", "is not valid YAML"),
    ],
)
def test_a_mistake_in_the_thresholds_is_named_by_its_place(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    file = tmp_path / "thresholds.yaml"
    content = (HERE / "thresholds.yaml").read_text(encoding="utf-8")
    assert old in content
    file.write_text(content.replace(old, new), encoding="utf-8")
    with pytest.raises(ThresholdsError) as error:
        load_thresholds(file)
    assert complaint in str(error.value)


def names(found: Iterable[Any]) -> list[str]:
    return [each["name"] for each in found]


def test_alertmanager_takes_its_configuration_and_every_route_leads_to_somebody() -> None:
    config = yaml.safe_load((HERE / "alertmanager.yml").read_text(encoding="utf-8"))
    receivers = set(names(config["receivers"]))
    assert {config["route"]["receiver"], *(route["receiver"] for route in config["route"]["routes"])} <= receivers
    done = subprocess.run(
        [program("amtool"), "check-config", str(HERE / "alertmanager.yml")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
