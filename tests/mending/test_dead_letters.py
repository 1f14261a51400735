"""A record that could not be read, sent again once it can: applied where nothing moved on, and nowhere else."""

import json
from typing import Any

from connectors import topics
from tests.pipeline.pipeline import Pipeline, report, until
from tests.pipeline.test_bad_input import produce

COMPANIES = "account_company"


def company(pipeline: Pipeline) -> int:
    return int(pipeline.execute(f"SELECT min(id) FROM {COMPANIES} WHERE status = 'active'")[0][0])


def move(pipeline: Pipeline, number: int, status: str) -> None:
    pipeline.execute(f"UPDATE {COMPANIES} SET status = %s, updated_at = now() WHERE id = %s", [status, number])


def ends(pipeline: Pipeline) -> dict[tuple[str, int], int]:
    topic = pipeline.contract.topic(pipeline.settings.topic_prefix, COMPANIES)
    return topics.ends(pipeline.settings, [topic])


def set_aside(pipeline: Pipeline, number: int, status: str) -> tuple[str, int, int]:
    """A change that the worker of an earlier version could not read: set aside, and the watermark is behind it."""
    pipeline.settle()
    assert pipeline.worker.stop()[0] == 0
    before = ends(pipeline)
    move(pipeline, number, status)
    until(lambda: ends(pipeline) != before, "the change is in the log")
    (place,) = [place for place, end in ends(pipeline).items() if end != before[place]]
    offset = before[place]
    at = {"topic": place[0], "partition": place[1], "offset": offset}
    pipeline.sink.command(
        "INSERT INTO dead_letters (topic, partition, offset, reason, received_at) "
        "VALUES ({topic:String}, {partition:UInt16}, {offset:UInt64}, 'unreadable then', now64(3))",
        parameters=at,
    )
    pipeline.sink.command(
        "INSERT INTO watermarks SELECT * REPLACE ({offset:UInt64} + 1 AS next_offset) FROM watermarks FINAL "
        "WHERE topic = {topic:String} AND partition = {partition:UInt16}",
        parameters=at,
    )
    pipeline.worker.start()
    pipeline.settle()
    return (*place, offset)


def status(pipeline: Pipeline, number: int) -> Any:
    return pipeline.value(f"SELECT status FROM {COMPANIES} FINAL WHERE id = {{id:Int64}}", {"id": number})


def replayed(pipeline: Pipeline, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = pipeline.command("dead-letters", "replay", "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_record_that_can_be_read_now_is_applied_once(torn: Pipeline) -> None:
    number = company(torn)
    place = "{}/{}/{}".format(*set_aside(torn, number, "blocked"))
    assert status(torn, number) == "active"
    listed = torn.command("dead-letters", "list", "--open", "--json")
    assert [letter["record"] for letter in json.loads(listed.stdout)] == [place]
    code, (outcome,) = replayed(torn, place)
    assert (code, outcome["outcome"]) == (0, "applied"), outcome
    assert status(torn, number) == "blocked"
    size = ends(torn)
    assert replayed(torn, place) == (0, [outcome])
    assert replayed(torn, "--all") == (0, [])
    assert ends(torn) == size, "nothing is sent a second time"
    result = torn.reconcile([COMPANIES])
    assert result.exact, report(result)


def test_what_moved_on_meanwhile_is_left_alone(torn: Pipeline) -> None:
    number = company(torn)
    topic, partition, offset = set_aside(torn, number, "blocked")
    move(torn, number, "active")
    torn.settle()
    code, (outcome,) = replayed(torn, "--all", "--table", COMPANIES)
    assert (code, outcome["outcome"]) == (0, "superseded"), outcome
    assert outcome["record"] == f"{topic}/{partition}/{offset}"
    assert status(torn, number) == "active"
    result = torn.reconcile([COMPANIES])
    assert result.exact, report(result)


def test_what_still_cannot_be_read_is_not_sent_and_shown_only_when_asked(torn: Pipeline) -> None:
    topic, partition, offset = produce(torn, COMPANIES, b'{"id": 1}', b"not json, a secret")
    place = f"{topic}/{partition}/{offset}"
    until(lambda: torn.value("SELECT count() FROM dead_letters FINAL WHERE value != ''") == 1, "it is set aside")
    size = ends(torn)
    code, (outcome,) = replayed(torn, place)
    assert (code, outcome["outcome"]) == (1, "unreadable") and "value is not JSON" in outcome["detail"]
    assert ends(torn) == size
    for asked in ([], ["--value"]):
        shown = torn.command("dead-letters", "show", place, *asked)
        assert shown.returncode == 0 and "in_log: True" in shown.stdout
        assert ("a secret" in shown.stdout) == bool(asked)
    assert "a secret" not in torn.command("dead-letters", "list").stdout


def test_a_snapshot_read_is_refused_because_nothing_protects_what_came_later(torn: Pipeline) -> None:
    topic = torn.contract.topic(torn.settings.topic_prefix, COMPANIES)
    torn.sink.command(
        "INSERT INTO dead_letters (topic, partition, offset, reason, received_at) "
        "VALUES ({topic:String}, 0, 0, 'unreadable then', now64(3))",
        parameters={"topic": topic},
    )
    code, (outcome,) = replayed(torn, f"{topic}/0/0")
    assert (code, outcome["outcome"]) == (1, "refused") and f"backfill {COMPANIES}" in outcome["detail"]


def test_a_place_that_is_none_and_a_letter_that_is_not_there_are_named(torn: Pipeline) -> None:
    wrong = torn.command("dead-letters", "show", "no-place")
    assert wrong.returncode == 2 and "expected TOPIC/PARTITION/OFFSET" in wrong.stderr
    absent = torn.command("dead-letters", "show", "some.topic/0/5")
    assert absent.returncode == 1 and "there is no dead letter" in absent.stderr
    both = torn.command("dead-letters", "replay")
    assert both.returncode == 2 and "--all" in both.stderr
