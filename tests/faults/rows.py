"""Rows in bulk, recorded in the ledger, and log that is not ours."""

import time
from collections.abc import Sequence
from typing import Any

import psycopg

from deploy.local.source.simulate import Change, Entry
from tests.pipeline.pipeline import Pipeline


def inserted(source: "psycopg.Connection[Any]", rows: int) -> list[int]:
    sql = (
        b"INSERT INTO core_notification (user_id, title, message, is_read, created_at) "
        b"SELECT (SELECT min(id) FROM account_user), 'x', 'x', false, now() FROM generate_series(1, %s) RETURNING id"
    )
    return [key for (key,) in source.execute(sql, [rows]).fetchall()]


def record(pipeline: Pipeline, keys: Sequence[int]) -> None:
    changes = [Change("core_notification", "insert", key) for key in keys]
    pipeline.ledger.record(Entry(time.time(), "bulk", changes))


def write_elsewhere(pipeline: Pipeline, megabytes: int) -> None:
    """Log that no captured table is in."""
    pipeline.execute("CREATE TABLE IF NOT EXISTS noise_elsewhere (text text)")
    pipeline.execute(
        "INSERT INTO noise_elsewhere SELECT string_agg(md5(random()::text), '') FROM generate_series(1, %s * 32) AS n, "
        "generate_series(1, 1024) GROUP BY n",
        [megabytes],
    )
