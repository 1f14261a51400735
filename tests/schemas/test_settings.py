"""Settings: all mistakes at once, secrets from files, and never a secret where it can be read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.settings import PREFIX, Settings, SettingsError, environment, load

SENTINEL = "s3ntin3l-of-a-secret"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the surroundings."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield


def give(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"{PREFIX}{name.upper()}", value)


def lines(*required: str) -> dict[str, str]:
    """What is wrong, by setting."""
    with pytest.raises(SettingsError) as caught:
        load(*required)
    assert SENTINEL not in str(caught.value)
    found = dict(line.split(": ", 1) for line in str(caught.value).splitlines())
    return {name.removeprefix(PREFIX).lower(): reason for name, reason in found.items()}


def test_nothing_is_required_to_begin_with() -> None:
    settings = load()
    assert (settings.timezone, settings.clickhouse_database, settings.topic_prefix) == (
        "Asia/Almaty", "techhub", "techhub",
    )  # fmt: skip
    assert settings.zone.key == "Asia/Almaty"


def test_everything_missing_is_named_at_once_with_what_was_expected() -> None:
    found = lines("postgres_dsn", "kafka_bootstrap", "clickhouse_dsn")
    assert set(found) == {"postgres_dsn", "kafka_bootstrap", "clickhouse_dsn"}
    assert all(reason.startswith("missing, expected ") for reason in found.values())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("postgres_dsn", "mysql://u:s3ntinel-4711@h/db", "postgresql://"),
        ("postgres_dsn", "postgresql://u:s3ntinel-4711@h:port/db", "postgresql://"),
        ("clickhouse_dsn", "tcp://u:s3ntinel-4711@h:9000", "http://"),
        ("connect_url", "localhost:8083", "http://"),
        ("kafka_bootstrap", "localhost", "host:port"),
        ("kafka_bootstrap", "a:9092,b", "host:port"),
        ("timezone", "Mars/Olympus", "time zone"),
        ("timezone", "Asia", "time zone"),
        ("timezone", "../etc/passwd", "time zone"),
        ("clickhouse_database", "a;b", "match pattern"),
        ("slot_name", "Slot", "match pattern"),
        ("replication_factor", "0", "greater than or equal to 1"),
        ("replication_factor", "many", "integer"),
        ("heartbeat_seconds", "0", "greater than 0"),
        ("writer_limit", "5", "1000"),
        ("clickhouse_fsync", "perhaps", "boolean"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected_and_not_repeated(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, **{name: value})
    found = lines()
    assert set(found) == {name}
    assert expected in found[name]


def test_wrong_missing_and_unreadable_ones_are_named_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give(monkeypatch, timezone="Mars", writer_limit="x", connector_password_file=str(tmp_path / "absent"))
    found = lines("postgres_dsn", "kafka_bootstrap")
    assert set(found) == {"timezone", "writer_limit", "connector_password", "postgres_dsn", "kafka_bootstrap"}
    assert "absent cannot be read" in found["connector_password"]


def test_what_is_given_is_not_called_missing_when_something_else_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("TECHHUB_POSTGRES_DSN=postgresql://u:p@h/db\n")
    (tmp_path / "dsn").write_text("http://u:p@h:8123\n")
    give(monkeypatch, timezone="Mars", clickhouse_dsn_file=str(tmp_path / "dsn"))
    assert set(lines("postgres_dsn", "clickhouse_dsn")) == {"timezone"}


@pytest.mark.parametrize("name", [n for n, f in Settings.model_fields.items() if "Secret" in str(f.annotation)])
def test_a_secret_comes_from_a_file_and_is_never_shown(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = {"postgres_dsn": f"postgresql://u:{SENTINEL}@h/db", "clickhouse_dsn": f"https://u:{SENTINEL}@h:1"}.get(
        name, SENTINEL
    )
    (tmp_path / "secret").write_text(text + "\n")
    give(monkeypatch, **{f"{name}_file": str(tmp_path / "secret")})
    settings = load(name)
    assert getattr(settings, name).get_secret_value() == text
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert SENTINEL not in shown
    assert environment(settings)[f"{PREFIX}{name.upper()}"] == text


def test_every_setting_that_holds_a_password_is_a_secret() -> None:
    for name, field in Settings.model_fields.items():
        if ("password" in name or name.endswith("_dsn")) and not name.endswith("_reference"):
            assert "SecretStr" in str(field.annotation), name


def test_an_address_with_a_password_in_it_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, connect_url=f"http://u:{SENTINEL}@h:8083", local_maven=f"https://u:{SENTINEL}@h")
    assert SENTINEL not in repr(load()) + str(load())


def test_the_environment_wins_over_a_file_and_a_file_over_dotenv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("TECHHUB_GROUP=dotenv\nTECHHUB_SLOT_NAME=dotenv\nTECHHUB_PUBLICATION=dotenv\n")
    (tmp_path / "value").write_text("file\n")
    give(monkeypatch, group_file=str(tmp_path / "value"), slot_name_file=str(tmp_path / "value"), group="environment")
    settings = load()
    assert (settings.group, settings.slot_name, settings.publication) == ("environment", "file", "dotenv")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, postgres_dsn="", clickhouse_dsn_file="", timezone="")
    assert set(lines("postgres_dsn", "clickhouse_dsn")) == {"postgres_dsn", "clickhouse_dsn"}
    assert load().timezone == "Asia/Almaty"


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "secret"
    if content is not None:
        place.write_bytes(content)
    give(monkeypatch, postgres_dsn_file=str(place))
    found = lines("postgres_dsn")
    assert set(found) == {"postgres_dsn"}
    assert "cannot be read" in found["postgres_dsn"]


def test_a_child_process_works_with_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(timezone="Europe/Berlin", postgres_dsn="postgresql://u:p@h/db", writer_limit=5000)
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load() == settings


def test_settings_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().group = "other"  # type: ignore[misc]
