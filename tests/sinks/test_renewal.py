"""A changed contract is taken up when it is valid and ClickHouse has a place for all of it, and not before."""

from pathlib import Path

from pydantic import SecretStr

from schemas.contract import DEFAULT_CONTRACT, load_contract
from schemas.settings import Settings
from sinks.migrate import migrate
from streams.agents.renewal import obstacle

ENTRY = "\n  core_discussion:\n    domain: core\n    role: activity\n    columns: {id: int64, author_id: int64}\n"


def test_a_contract_is_taken_up_when_clickhouse_is_ready_for_it(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "techhub.yaml"
    path.write_text(DEFAULT_CONTRACT.read_text(encoding="utf-8"), encoding="utf-8")
    settings = settings.model_copy(update={"contract": path})
    migrate(settings)
    known = load_contract(path)
    assert obstacle(settings, known) == ""

    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + ENTRY[: len(ENTRY) // 2], encoding="utf-8")
    assert "techhub.yaml" in (obstacle(settings, known) or "")

    path.write_text(whole + ENTRY, encoding="utf-8")
    assert obstacle(settings, known) == "core_discussion is not ready in ClickHouse; run `techhub-cdc connectors apply`"
    migrate(settings)
    assert obstacle(settings, known) is None
    assert obstacle(settings, load_contract(path)) == ""


def test_while_clickhouse_is_away_nothing_is_taken_up(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "techhub.yaml"
    path.write_text(DEFAULT_CONTRACT.read_text(encoding="utf-8") + ENTRY, encoding="utf-8")
    away = {"contract": path, "clickhouse_dsn": SecretStr("http://nobody:x@127.0.0.1:9")}
    assert obstacle(settings.model_copy(update=away), load_contract(DEFAULT_CONTRACT))
