"""A worker process that starts while Kafka is away ends, so that its supervisor tries again; once it hung for ever."""

import os
import subprocess
import sys

from streams.agents.exits import SURPRISE

AWAY = {"TECHHUB_KAFKA_BOOTSTRAP": "127.0.0.1:1", "TECHHUB_CLICKHOUSE_DSN": "http://127.0.0.1:1"}


def test_a_worker_that_cannot_reach_kafka_says_so_and_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streams.agents.process"],
        env={**os.environ, **AWAY}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == SURPRISE
    assert "cannot start, is Kafka away? KafkaConnectionError" in done.stderr
    assert "Traceback" not in done.stderr
