"""`techhub-cdc query` answers from the catalogue, says how old the answer is, and names what a question lacks."""

import json
import sys
from collections.abc import Callable

import pytest

from ops.cli import main
from schemas.settings import PREFIX, Settings
from sinks.catalogue import load_catalogue
from sinks.clickhouse import Client

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    everything: Client, server: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Exit code, output and errors of `techhub-cdc query ...`."""
    assert server.clickhouse_dsn is not None
    monkeypatch.setenv(f"{PREFIX}CLICKHOUSE_DSN", server.clickhouse_dsn.get_secret_value())
    monkeypatch.setenv(f"{PREFIX}CLICKHOUSE_DATABASE", str(everything.database))

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["techhub-cdc", "query", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return command


def test_it_lists_every_query(run: Run) -> None:
    code, output, _ = run("--json")
    assert code == 0
    assert [each["name"] for each in json.loads(output)] == list(load_catalogue())
    assert "How many requests wait for whom" in " ".join(run()[1].split())


def test_it_answers_with_the_age_of_the_figures(run: Run, everything: Client) -> None:
    code, output, _ = run("requests_open", "--json", "--param", "waiting=staff", "--param", "limit=3")
    assert code == 0
    answer = json.loads(output)
    assert {row["waiting_on"] for row in answer["rows"]} == {"staff"} and len(answer["rows"]) == 3
    assert list(answer["rows"][0]) == list(load_catalogue()["requests_open"].columns)
    assert answer["age_seconds"] == age(everything, load_catalogue()["requests_open"].tables)
    assert f"3 rows, figures {answer['age_seconds']:.1f} s old" in run("requests_open", "--param", "limit=3")[1]


def test_an_unknown_age_is_said(run: Run, everything: Client) -> None:
    assert age(everything, load_catalogue()["landing"].tables) is None, "no worker of the story claims to have seen it"
    assert json.loads(run("landing", "--json")[1])["age_seconds"] is None
    assert "figures of unknown age" in run("landing")[1]


def age(client: Client, tables: tuple[str, ...]) -> float | None:
    """Of the oldest of them."""
    sql = "SELECT lag_seconds FROM v_freshness WHERE `table` IN {tables:Array(String)}"
    ages = [row[0] for row in client.query(sql, parameters={"tables": list(tables)}).result_rows]
    return None if None in ages else round(max(ages), 3)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["backlogg"], "error query backlogg: unknown; did you mean backlog?"),
        (["xyz"], "error query xyz: unknown; techhub-cdc query lists them"),
        (["backlog", "--param", "services"], "error --param services: expected name=value"),
        (["backlog", "--param", "room=1"], "error query backlog: parameter room: unknown, expected one of services,"),
        (
            ["requests_open", "--param", "limit=many"],
            "error query requests_open: parameter limit: 'many': expected a whole number, UInt32",
        ),
    ],
)
def test_a_wrong_question_is_named(run: Run, arguments: list[str], complaint: str) -> None:
    code, output, errors = run(*arguments)
    assert (code, output) == (2, "")
    assert complaint in errors


def test_without_tables_it_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}CLICKHOUSE_DATABASE", "default")
    code, _, errors = run("backlog")
    assert code == 1
    assert "was techhub-cdc migrate run?" in errors
