"""The contract and the source change while the pipeline runs: it goes on, and takes up what is new.

On a pipeline of its own whose contract is a file of the test's; `core_discussion` is a table of the source that the
real contract leaves out.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Addresses
from schemas.contract import DEFAULT_CONTRACT, load_contract
from tests.pipeline.pipeline import Pipeline, pipeline_on, report, until

TABLE = "core_discussion"
ENTRY = f"""
  {TABLE}:
    domain: core
    role: activity
    columns:
      id: int64
      author_id: int64
      created_at: timestamptz
"""
TITLE = '      title: {type: i18n, reason: "written to be published"}\n'
SCORE = "      score: {type: int64, optional: true}\n"
POINTS = "      score: {type: int64, from: points, optional: true}\n"
REQUIRED = f"SELECT count() FROM resync_required FINAL WHERE `table` = '{TABLE}' AND resolved_at IS NULL"


@pytest.fixture(scope="module")
def growing(stack: Addresses, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    contract = tmp_path_factory.mktemp("contract") / "techhub.yaml"
    contract.write_text(DEFAULT_CONTRACT.read_text(encoding="utf-8"), encoding="utf-8")
    with pipeline_on(stack, logs, contract=contract) as running:
        for _ in range(40):
            discuss(running)
        (last,) = running.execute(f"SELECT max(id) FROM {TABLE}")[0]
        yield running
        running.execute(f"DELETE FROM {TABLE} WHERE id > %s", [last - 40])
        running.execute(f"ALTER TABLE {TABLE} DROP COLUMN IF EXISTS score, DROP COLUMN IF EXISTS points")


def discuss(pipeline: Pipeline) -> int:
    (author,) = pipeline.execute("SELECT min(id) FROM account_user")[0]
    title = {"ru": "Вопрос", "kk": "Сұрақ", "en": "Question"}
    now = pipeline.execute("SELECT now()")[0][0]
    return pipeline.insert(TABLE, title=json.dumps(title), content="{}", author_id=author, created_at=now)


def apply(pipeline: Pipeline, *lines: str) -> str:
    """The contract with this entry, and the one command; what it said."""
    assert pipeline.settings.contract != DEFAULT_CONTRACT
    entry = ENTRY + "".join(lines)
    pipeline.settings.contract.write_text(DEFAULT_CONTRACT.read_text(encoding="utf-8") + entry, encoding="utf-8")
    pipeline.contract = load_contract(pipeline.settings.contract)
    done = pipeline.command("connectors", "apply")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def taken_up(pipeline: Pipeline, times: int) -> None:
    said = "starting again with it"
    until(lambda: pipeline.worker.said(said) == times, "the worker takes up the contract")
    pipeline.settle()


def assert_exact(pipeline: Pipeline, *tables: str) -> None:
    result = pipeline.reconcile(tables or None)
    assert result.exact, report(result)


def column(pipeline: Pipeline, name: str, *ids: int) -> list[Any]:
    sql = f"SELECT `{name}` FROM {TABLE} FINAL WHERE id IN {{ids:Array(Int64)}} ORDER BY id"
    return [value for (value,) in pipeline.query(sql, {"ids": list(ids)})]


def test_a_table_joins_a_running_pipeline_by_one_entry_and_one_command(growing: Pipeline) -> None:
    with growing.load(10, None, 5):
        said = apply(growing)
        discuss(growing)
    assert f"{TABLE}: is being read" in said and f"mirror {TABLE}: created" in said
    taken_up(growing, 1)
    changed, gone = discuss(growing), discuss(growing)
    growing.execute(f"UPDATE {TABLE} SET author_id = author_id + 1 WHERE id = %s", [changed])
    growing.execute(f"DELETE FROM {TABLE} WHERE id = %s", [gone])
    growing.settle()
    (there,) = growing.execute(f"SELECT count(*) FROM {TABLE}")[0]
    until(lambda: growing.value(f"SELECT count() FROM {TABLE} FINAL") == there, "every row was read")
    assert_exact(growing)
    activity = "SELECT operation, changes > 0 FROM v_activity WHERE `table` = {table:String} GROUP BY ALL"
    assert {operation for operation, _ in growing.query(activity, {"table": TABLE})} == {"create", "update", "delete"}


def test_the_command_again_changes_nothing(growing: Pipeline) -> None:
    said = apply(growing)
    assert "nothing to change" in said and "up to date" in said and "is being read" not in said


def test_a_column_of_the_contract_is_there_for_new_changes_and_after_a_backfill_for_all(growing: Pipeline) -> None:
    kept = discuss(growing)
    growing.settle()
    said = apply(growing, TITLE)
    assert f"{TABLE}.title: kept from now on" in said and f"connectors backfill {TABLE}" in said
    taken_up(growing, 2)
    new = discuss(growing)
    growing.settle()
    assert column(growing, "title", kept, new) == [{}, {"ru": "Вопрос", "kk": "Сұрақ", "en": "Question"}]
    assert growing.command("connectors", "backfill", TABLE).returncode == 0
    without = f"SELECT count() FROM {TABLE} FINAL WHERE empty(title)"
    until(lambda: growing.value(without) == 0, "every row has its title")
    assert_exact(growing, TABLE)


def migrate(pipeline: Pipeline, statement: str) -> None:
    """As a migration of the application: it fails if it has to wait."""
    with pipeline.source.transaction():
        pipeline.execute("SET LOCAL lock_timeout = '10s'")
        pipeline.execute(f"ALTER TABLE {TABLE} {statement}")


def test_columns_that_are_added_widened_renamed_and_dropped_in_the_source_stop_nothing(growing: Pipeline) -> None:
    with growing.load(10, None, 6):
        migrate(growing, "ADD COLUMN score integer, ADD COLUMN extra text")
        apply(growing, TITLE, SCORE)
        taken_up(growing, 3)
        first = discuss(growing)
        growing.execute(f"UPDATE {TABLE} SET score = 7, extra = 'unlisted' WHERE id = %s", [first])
        migrate(growing, "ALTER COLUMN score TYPE bigint")
        second = discuss(growing)
        growing.execute(f"UPDATE {TABLE} SET score = 5000000000 WHERE id = %s", [second])
        growing.settle()
        assert column(growing, "score", first, second) == [7, 5000000000]
        assert_exact(growing, TABLE)

        migrate(growing, "RENAME COLUMN score TO points")
        migrate(growing, "DROP COLUMN extra")
        third = discuss(growing)
        growing.execute(f"UPDATE {TABLE} SET points = 9 WHERE id = %s", [third])
        growing.settle()
        assert column(growing, "score", first, third) == [7, None]
        check = growing.command("connectors", "check")
        assert f"{TABLE}.score is not in the database (it seems to be called points now" in check.stdout
        until(lambda: growing.value(REQUIRED) == 1, "the table's figures are said to miss changes")
        apply(growing, TITLE, POINTS)
        taken_up(growing, 4)
        repaired = growing.command("reconcile", "--repair", "--table", TABLE)
        assert repaired.returncode == 0, repaired.stderr
        assert growing.value(REQUIRED) == 0
        assert column(growing, "score", first, second, third) == [7, 5000000000, 9]

        migrate(growing, "DROP COLUMN points")
        fourth = discuss(growing)
        growing.settle()
        assert column(growing, "score", fourth) == [None]
    assert_exact(growing, *(table for table in growing.contract.tables if table != TABLE))
    assert growing.query("SELECT * FROM dead_letters FINAL") == []


def test_a_status_that_nobody_knows_appears_as_itself(growing: Pipeline) -> None:
    now = growing.execute("SELECT now()")[0][0]
    (author,) = growing.execute("SELECT min(id) FROM account_user")[0]
    empty = json.dumps({})
    row = {"title": empty, "content": empty, "slug": "", "published": False, "author_id": author, "tags": [],
           "view_count": 0, "likes": [], "dislikes": [], "created_at": now, "updated_at": now}  # fmt: skip
    number = growing.insert("core_blog", status="archived", **row)
    growing.settle()
    try:
        mirror, entity = (
            "SELECT status FROM core_blog FINAL WHERE id = {id:Int64}",
            "SELECT status FROM content_items FINAL WHERE content_type = 'blog' AND content_id = {id:Int64}",
        )
        for sql in (mirror, entity):
            assert growing.query(sql, {"id": number}) == [("archived",)]
        flow = "SELECT from_status FROM v_content_flow_hourly WHERE to_status = 'archived'"
        assert growing.query(flow) == [("",)]
    finally:
        growing.execute("DELETE FROM core_blog WHERE id = %s", [number])
