"""The secrets that compose mounts, and the users of ClickHouse that they belong to."""

import hashlib
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from schemas.settings import Settings, load
from sinks.clickhouse import connection

ROOT = Path(__file__).parents[2]
USERS = ET.parse(ROOT / "deploy" / "compose" / "clickhouse" / "users.xml").getroot()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    make(folder)
    return folder


def make(folder: Path) -> None:
    subprocess.run(["sh", ROOT / "deploy" / "compose" / "secrets.sh", folder], check=True, capture_output=True)


def test_it_makes_each_secret_that_compose_mounts(folder: Path) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert {Path(secret["file"]).name for secret in compose["secrets"].values()} <= {
        file.name for file in folder.iterdir()
    }
    assert all(Path(secret["file"]).parent == Path("deploy/compose/secrets") for secret in compose["secrets"].values())


def test_nobody_else_reaches_them_and_containers_can_read_them(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o644}


def test_what_is_there_stays(folder: Path) -> None:
    before = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    (folder / "clickhouse_passwords.xml").unlink()
    make(folder)
    assert {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} == before
    assert len(set(before.values())) == len(before)


def test_the_settings_read_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, file in {
        "POSTGRES_DSN": "postgres_dsn",
        "CONNECTOR_PASSWORD": "connector_password",
        "CLICKHOUSE_DSN": "clickhouse_writer_dsn",
    }.items():
        monkeypatch.delenv(f"TECHHUB_{name}", raising=False)
        monkeypatch.setenv(f"TECHHUB_{name}_FILE", str(folder / file))
    settings = load("postgres_dsn", "connector_password", "clickhouse_dsn", _env_file=None)
    assert settings.connector_password is not None
    password = settings.connector_password.get_secret_value()
    assert (folder / "connector.properties").read_text(encoding="utf-8") == f"password={password}\n"


@pytest.mark.parametrize("user", ["writer", "reader", "migrator"])
def test_each_user_of_clickhouse_logs_in_with_its_dsn(folder: Path, user: str) -> None:
    dsn = (folder / f"clickhouse_{user}_dsn").read_text(encoding="utf-8").strip()
    arguments = connection(Settings(_env_file=None, clickhouse_dsn=dsn))
    assert (arguments["username"], arguments["host"]) == (user, "clickhouse")
    hashes = ET.parse(folder / "clickhouse_passwords.xml").getroot()
    reference = USERS.find(f"users/{user}/password_sha256_hex")
    assert reference is not None
    expected = hashlib.sha256(arguments["password"].encode()).hexdigest()
    assert hashes.findtext(reference.attrib["incl"]) == expected


def test_users_may_do_what_they_are_for_and_no_more() -> None:
    users = USERS.find("users")
    assert users is not None
    grants = {user.tag: [query.text for query in user.findall("grants/query")] for user in users}
    assert grants == {
        "default": [],
        "writer": ["GRANT SELECT, INSERT ON techhub.*"],
        "reader": ["GRANT SELECT ON techhub.*"],
        "migrator": ["GRANT ALL ON techhub*.*"],
    }
    assert USERS.findtext("profiles/reader/readonly") == "2"
    loopback = {address.text for address in users.findall("default/networks/ip")}
    assert loopback == {"127.0.0.1", "::1"}


def test_the_reader_cannot_lift_its_own_limits() -> None:
    profile = USERS.find("profiles/reader")
    assert profile is not None
    limits = {element.tag for element in profile if element.tag not in ("readonly", "constraints")}
    constrained = {element.tag for element in profile.findall("constraints/*")}
    assert limits == constrained


def test_no_password_is_written_down() -> None:
    text = (ROOT / "deploy" / "compose" / "clickhouse" / "users.xml").read_text(encoding="utf-8")
    assert not re.search(r"<password(_sha256_hex|_double_sha1_hex)?>[^<]", text)
