"""`.env.example` says what there is to set, no more and no less."""

import io
from pathlib import Path

import pytest
from dotenv import dotenv_values

from deploy.env_example import text
from schemas.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]


def test_the_file_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == text(), "python -m deploy.env_example > .env.example"


def test_every_setting_is_in_it_with_its_meaning() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
    named = dotenv_values(stream=io.StringIO(text().replace(f"# {PREFIX}", PREFIX)))
    assert {name.removeprefix(PREFIX).lower() for name in named} == set(Settings.model_fields)


def test_it_holds_no_secret_and_taken_whole_it_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # paths in it are those of the project
    for name in Settings.model_fields:
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)
    everything = tmp_path / "env"
    everything.write_text(text().replace(f"# {PREFIX}", PREFIX), encoding="utf-8")
    read, default = Settings(_env_file=everything), Settings(_env_file=None)
    assert read.model_copy(update={"contract": read.contract.resolve()}) == default
