"""Rows of another derivation: no worker goes on over them, and `rebuild` replays the log into what is right."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer

from connectors.groups import members
from connectors.kafka import kafka_config
from schemas.settings import Settings, environment
from tests.pipeline.pipeline import Pipeline, report, until
from tests.pipeline.rows import REQUESTS, add_request, facts

SECONDS = 180


def of_another_derivation(pipeline: Pipeline) -> None:
    """What an earlier version would have left: its fingerprint, and a measure with another meaning."""
    pipeline.settle()
    pipeline.worker.stop()
    # not a row more: of two with one version a worker may read either
    pipeline.sink.command(
        "ALTER TABLE watermarks UPDATE fingerprint = '00000000-00000000' WHERE true SETTINGS mutations_sync = 2"
    )
    pipeline.sink.command(
        "INSERT INTO request_backlog SELECT * REPLACE (requests + 7 AS requests, _version + 1 AS _version) "
        "FROM request_backlog FINAL"
    )


def joined(consumer: Consumer, settings: Settings) -> bool:
    """It joins only while it is asked for records."""
    consumer.poll(0.1)
    return "old-worker~another" in members(settings, settings.group)


@contextmanager
def old_worker(pipeline: Pipeline) -> Iterator[None]:
    """A member of the workers' group; which rows it would write does not matter."""
    settings = pipeline.settings
    consumer = Consumer(kafka_config(settings, **{"group.id": settings.group, "client.id": "old-worker~another"}))
    consumer.subscribe([pipeline.contract.topic(settings.topic_prefix, REQUESTS)])
    try:
        until(lambda: joined(consumer, settings), "it joins")
        yield
    finally:
        consumer.close()


def test_a_rebuild_replaces_rows_of_another_derivation_once_the_old_workers_have_ended(torn: Pipeline) -> None:
    number = add_request(torn, "sent")
    of_another_derivation(torn)
    before = torn.worker.said("the derivation changed")
    torn.worker.start()
    assert torn.worker.wait() == 1
    assert torn.worker.said("the derivation changed") > before and torn.worker.said("techhub-cdc rebuild")
    command = [sys.executable, "-m", "ops", "rebuild", "--json", "--timeout", str(SECONDS)]
    log = torn.worker.log.with_suffix(".rebuild")
    with old_worker(torn), log.open("wb") as said:
        torn.worker.start()
        assert torn.worker.wait() == 1
        assert torn.worker.said("workers of another derivation are running: old-worker~another")
        process = subprocess.Popen(command, env=environment(torn.settings), stdout=subprocess.PIPE, stderr=said)
        until(lambda: "Stop the old workers now" in log.read_text(errors="replace"), "it waits for them", SECONDS)
        late = add_request(torn, "sent")
    answer, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, log.read_text(errors="replace")[-2000:]
    old = f"{torn.settings.clickhouse_database}_rebuild"
    assert json.loads(answer)["old_data"] == old
    torn.worker.start()
    torn.settle()
    result = torn.reconcile()
    assert result.exact, report(result)
    assert facts(torn, number) == facts(torn, late) == [("", "sent", True)]
    again = torn.command("rebuild")
    assert again.returncode == 1 and "--drop-old" in again.stderr
    assert torn.command("rebuild", "--drop-old").returncode == 0
    assert torn.value("SELECT count() FROM system.databases WHERE name = {name:String}", {"name": old}) == 0
