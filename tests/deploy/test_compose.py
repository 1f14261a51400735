"""What docker-compose.yml promises, read from the file: there need not be a Docker engine here."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.local import connect
from deploy.local.place import Place
from schemas.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
FOREIGN = sorted(SERVICES.keys() - OURS)
ONE_SHOT = {"source", "migrate", "apply"}
VERSION = re.compile(r".+:v?\d+(\.\d+)+[\w.-]*")


def test_it_is_a_compose_file() -> None:
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(COMPOSE)


def test_ours_and_theirs_are_all_there() -> None:
    assert OURS == ["apply", "migrate", "serve", "simulate", "source", "worker"]
    assert FOREIGN == ["alertmanager", "clickhouse", "connect", "grafana", "kafka", "postgres", "prometheus"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_image_has_a_version(name: str) -> None:
    assert VERSION.fullmatch(SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_is_root_and_nobody_gains_rights(name: str) -> None:
    assert SERVICES[name]["user"] not in ("root", "0", "0:0")
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert not SERVICES[name].keys() & {"privileged", "cap_add", "network_mode", "pid"}


@pytest.mark.parametrize("name", OURS)
def test_ours_can_write_to_tmp_only_and_have_no_capabilities(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert "volumes" not in service
    assert name == "serve" or "ports" not in service


def test_ports_are_published_on_loopback_and_connect_has_none() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert sorted(published) == [
        "alertmanager", "clickhouse", "grafana", "postgres", "prometheus", "serve",
    ]  # fmt: skip
    for port in (port for ports in published.values() for port in ports):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT - {"simulate"}))
def test_what_keeps_running_says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_everyone_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            done = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how["condition"] == done, f"{name} needs {needed}"
            # without the profile the service is not there, and compose would refuse the file
            if not service.get("profiles") and SERVICES[needed].get("profiles"):
                assert how["required"] is False, f"{name} needs {needed}"


def test_every_setting_in_it_exists() -> None:
    used = set(re.findall(rf"{PREFIX}(\w+)", TEXT))
    known = {name.upper() for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in used} <= known


def test_secrets_are_files_and_each_service_sees_its_own_only() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            secret = re.search("PASSWORD|DSN|SECRET|JAAS", name)
            assert not secret or value.startswith(("/run/secrets/", "$${file:/run/secrets/"))
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert not re.search(r"://[^\s/]+:[^\s/]+@", TEXT)
    assert {name for service in SERVICES.values() for name in service.get("secrets", ())} == set(COMPOSE["secrets"])
    assert SERVICES["worker"]["secrets"] == ["clickhouse_writer_dsn", "metrics_token"]


def test_those_who_cut_days_agree_on_the_time_zone() -> None:
    zones = [SERVICES[name]["environment"]["TECHHUB_TIMEZONE"] for name in ("migrate", "worker", "serve")]
    assert len(set(zones)) == 1


def test_connect_is_set_as_in_the_embedded_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "fetch", Jars)
    embedded = connect.settings(Place(tmp_path, {"kafka": 1, "connect": 2}))
    here = dict(image_properties(SERVICES["connect"]["environment"]))
    elsewhere = {"bootstrap.servers", "listeners", "plugin.path", "plugin.discovery"}
    elsewhere |= {name for name in embedded if name.startswith("config.providers")}
    # the image's own defaults
    here.setdefault("key.converter", connect.CONVERTER)
    here.setdefault("value.converter", connect.CONVERTER)
    same = embedded.keys() - elsewhere
    assert {name: here.get(name) for name in same} == {name: embedded[name] for name in same}
    assert here["offset.storage.topic"] == Settings.model_fields["connect_offsets_topic"].default, "workers read it"


class Jars:
    plugins = Path("plugins")


def image_properties(environment: dict[str, str]) -> Any:
    """The image makes properties of CONNECT_* and of a few names without it."""
    for name, value in environment.items():
        if name != "HEAP_OPTS":
            yield name.removeprefix("CONNECT_").lower().replace("_", "."), value


def test_kafka_makes_no_topics_by_itself_and_postgres_guards_its_disk() -> None:
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    settings = dict(part.removeprefix("-c").split("=") for part in SERVICES["postgres"]["command"][1:])
    assert settings["wal_level"] == "logical"
    assert settings["wal_sender_timeout"] == "10s"
    assert "max_slot_wal_keep_size" in settings


def test_prometheus_asks_those_who_answer_with_the_tokens_that_they_want() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    for job in config["scrape_configs"]:
        (target,) = (target for group in job["static_configs"] for target in group["targets"])
        service, _, port = target.partition(":")
        environment = SERVICES[service]["environment"]
        token = job["authorization"]["credentials_file"]
        assert token in (environment.get("TECHHUB_METRICS_TOKEN_FILE"), environment.get("TECHHUB_SERVE_TOKEN_FILE"))
        assert token.removeprefix("/run/secrets/") in SERVICES["prometheus"]["secrets"]
        default = str(Settings.model_fields["serve_port"].default)
        assert port == environment.get("TECHHUB_METRICS_PORT", default)
