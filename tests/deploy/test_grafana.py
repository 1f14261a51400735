"""Dashboards are as generated, complete, and made of what the SDK knows; Grafana itself does not run here."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana import source
from deploy.grafana.__main__ import GENERATED, main
from deploy.grafana.boards import BOARDS, ELSEWHERE
from deploy.grafana.dashboards import TAG, dashboards
from deploy.grafana.sql import SPAN, VARIABLES, panel_sql, projected
from deploy.prometheus.thresholds import load_thresholds
from schemas.settings import Settings
from sinks.catalogue import load_catalogue

ROOT = Path(__file__).parents[2]
CATALOGUE = load_catalogue()
FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(GENERATED.glob("*.json"))}
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["grafana"]


def test_what_is_in_the_repository_is_what_the_generator_makes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out
    assert {path.name for path in GENERATED.iterdir()} == {f"{board.uid}.json" for board in BOARDS}


def test_a_drift_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--directory", str(tmp_path)])
    changed = tmp_path / "techhub-rooms.json"
    changed.write_text(changed.read_text(encoding="utf-8").replace("v_rooms_now", "v_rooms"), encoding="utf-8")
    capsys.readouterr()
    assert main(["--directory", str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().out == "techhub-rooms.json: not as generated, run make dashboards\n"


def test_there_are_the_dashboards_that_people_know() -> None:
    titles = {uid: board["title"] for uid, board in FILES.items()}
    assert titles == {
        "techhub-operations": "Operations", "techhub-rooms": "Rooms", "techhub-content": "Content",
        "techhub-techorda": "TechOrda", "techhub-pipeline": "Pipeline",
    }  # fmt: skip
    assert all(board["uid"] == uid and board["tags"] == [TAG] for uid, board in FILES.items())


def test_every_query_is_on_a_dashboard() -> None:
    shown = {each.query for board in BOARDS for row in board.rows for each in row.panels}
    assert shown | set(ELSEWHERE) == set(CATALOGUE), "add it to deploy/grafana/boards.py"
    assert not shown & set(ELSEWHERE)


@pytest.mark.parametrize("board", FILES.values(), ids=FILES)
class TestDashboard:
    def test_the_sdk_reads_it_and_writes_the_same(self, board: dict[str, Any]) -> None:
        register_default_plugins()
        again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
        assert without_placement(again) == board

    def test_panels_have_their_own_ids_and_do_not_overlap(self, board: dict[str, Any]) -> None:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        places = [panel["gridPos"] for panel in board["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        assert not [pair for pair in combinations(places, 2) if overlap(*pair)]

    def test_everything_asks_the_provisioned_source(self, board: dict[str, Any]) -> None:
        sources = {place["uid"] for place in found(board, "datasource")}
        provided = provisioned("datasources/clickhouse.yaml")["datasources"]
        assert sources == {each["uid"] for each in provided} == {source.UID}

    def test_it_links_to_the_others_and_to_what_to_do(self, board: dict[str, Any]) -> None:
        assert board["links"][0]["tags"] == [TAG]
        pages = [link["url"] for link in board["links"] if link["type"] == "link"]
        assert pages and all((ROOT / "docs" / url.rpartition("/")[2]).is_file() for url in pages)
        inner = [
            link["url"] for links in found(board, "value") if isinstance(links, list) for link in links if "url" in link
        ]
        assert all(url.partition("?")[0].removeprefix("/d/") in FILES for url in inner)

    def test_it_shows_the_age_of_its_figures_first(self, board: dict[str, Any]) -> None:
        assert "v_freshness" in board["panels"][0]["targets"][0]["rawSql"]

    def test_it_alerts_nobody(self, board: dict[str, Any]) -> None:
        assert not list(found(board, "alert"))

    def test_workers_and_data_quality_are_marked_in_it(self, board: dict[str, Any]) -> None:
        marked = [each["target"]["rawSql"] for each in board["annotations"]["list"]]
        assert ["worker_events" in sql or "dq_issues" in sql for sql in marked] == [True, True]


def provisioned(path: str) -> Any:
    return yaml.safe_load((PROVISIONING / path).read_text(encoding="utf-8"))


def without_placement(board: dict[str, Any]) -> dict[str, Any]:
    """The SDK's default, which it cannot read: above the panels is where links are."""
    for link in board["links"]:
        link.pop("placement")
    return board


def overlap(one: dict[str, int], two: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
    above = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
    return not (beside or above)


def found(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if key == name)
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from found(each, name)


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_titles_come_in_every_language(language: str) -> None:
    texts = dashboards(CATALOGUE, "Asia/Almaty", language)
    board = json.loads(texts["techhub-operations.json"])
    assert getattr(CATALOGUE["backlog"].title, language) in [panel.get("title") for panel in board["panels"]]
    assert "title_en AS text" not in texts["techhub-operations.json"]


def test_a_screen_turns_red_where_an_alert_begins() -> None:
    """Those of a service of its own are in the alerts only."""
    told = load_thresholds()
    same = {
        ("backlog", "oldest_age_seconds"): told.requests.oldest,
        ("backlog_total", "oldest_age_seconds"): told.requests.oldest,
        ("requests_open", "age_seconds"): told.requests.oldest,
        ("backlog_growth", "growth"): told.requests.growth,
        ("t2approve_services", "worst_p90_seconds"): told.requests.t2approve,
        ("content_backlog", "oldest_age_seconds"): told.content.oldest,
        ("cancellations", "cancelled_share"): told.rooms.cancelled,
        ("overlaps_total", "overlaps"): told.rooms.overlaps,
    }
    shown = {place: CATALOGUE[place[0]].thresholds[place[1]] for place in same}
    assert {place: (each.warning, each.critical) for place, each in shown.items()} == {
        place: (levels.warning, levels.critical) for place, levels in same.items()
    }


def test_parameters_become_time_variables_and_constants() -> None:
    query = CATALOGUE["overlaps"]
    sql = panel_sql(query, "Asia/Almaty", ["room"], {"limit": 5})
    assert "overlap_to > now()" in sql and "$__fromTime" not in sql, "since without until is now"
    assert "CAST([${room:sqlstring}], 'Array(Int64)')" in sql and sql.endswith("LIMIT 5")
    assert "${" not in panel_sql(query, "Asia/Almaty", [], {}), "the dashboard has no such variable"
    daily = panel_sql(CATALOGUE["funnel_daily"], "Asia/Almaty", [], {})
    assert "day >= toDate32($__fromTime, 'Asia/Almaty')" in daily
    dead = panel_sql(CATALOGUE["dead_letters_by_reason"], "Asia/Almaty", [], {})
    assert "received_at >= (toStartOfDay(now(), 'Asia/Almaty') - toIntervalDay(30))" in dead
    assert projected("SELECT a\nFROM t", ["a"], "a") == "SELECT a\nFROM (\n    SELECT a\n    FROM t\n)\nORDER BY a"
    assert set(SPAN) | set(VARIABLES) <= {name for each in CATALOGUE.values() for name in each.parameters}


def test_grafana_reads_as_the_reader_and_its_secrets_are_files() -> None:
    (provided,) = yaml.safe_load((PROVISIONING / "datasources" / "clickhouse.yaml").read_text(encoding="utf-8"))[
        "datasources"
    ]
    assert provided["type"] == source.PLUGIN and provided["jsonData"]["username"] == "reader"
    assert provided["jsonData"]["defaultDatabase"] == Settings.model_fields["clickhouse_database"].default
    assert provided["secureJsonData"] == {"password": "$__file{/run/secrets/clickhouse_reader_password}"}
    assert COMPOSE["environment"]["GF_PLUGINS_PREINSTALL_SYNC"] == f"{source.PLUGIN}@{source.PLUGIN_VERSION}"
    assert COMPOSE["environment"]["GF_UNIFIED_ALERTING_ENABLED"] == "false"


def test_the_container_finds_dashboards_and_pages_where_they_are_looked_for() -> None:
    mounts = dict(mount.split(":")[:2][::-1] for mount in COMPOSE["volumes"])
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "techhub.yaml").read_text(encoding="utf-8"))[
        "providers"
    ]
    assert ROOT / mounts[provider["options"]["path"]] == GENERATED
    assert ROOT / mounts["/etc/grafana/provisioning"] == PROVISIONING
    assert mounts["/usr/share/grafana/public/runbooks"] == "./docs"
