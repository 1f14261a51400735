"""The oracle: every view again, as plain SQL over PostgreSQL, installed into the source beside the pipeline.

Flows in: a pipeline. Flows out: for each view what ClickHouse shows and what the source says, for the same instant.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.interface import VIEWS
from tests.pipeline.pipeline import Pipeline, until

HERE: Final = Path(__file__).parent
AGES: Final = {"age_seconds", "oldest_age_seconds", "lifetime_seconds", "avg_lifetime_seconds"}
"""Of now, which passes between the two reads."""
AGE_SECONDS: Final = 3
OF_THE_PIPELINE: Final = {
    "v_freshness": {"seen_until", "lag_seconds", "resync_reason"},
    "v_dq": {"last_detected_at"},
}
"""Columns that say something of the pipeline; the source knows nothing of it."""
COLUMNS: Final = {
    view: [name for name in columns.split() if name not in OF_THE_PIPELINE.get(view, ())]
    for view, columns in VIEWS.items()
}
Rows = list[tuple[Any, ...]]


def install(pipeline: Pipeline) -> None:
    """Triggers that note every change, and the views; from now on the oracle knows what happens."""
    pipeline.execute("SELECT set_config('oracle.tables', %s, false)", [",".join(pipeline.contract.tables)])
    for path in sorted(HERE.glob("*.sql")):
        pipeline.source.execute(path.read_bytes())


def compare(pipeline: Pipeline, view: str) -> int:
    """Raises on the first difference; how many rows are the same."""

    def same() -> list[int]:
        found, expected = both(pipeline, view)
        assert_same(view, COLUMNS[view], found, expected)
        return [len(found)]

    if view != "v_freshness":
        return same()[0]
    # on a busy machine a table may be behind for a moment, and that is what the view must say then
    until(same, "every table is fresh", pipeline.seconds)
    return len(pipeline.contract.tables)


def both(pipeline: Pipeline, view: str) -> tuple[Rows, Rows]:
    """What the view shows, and what the oracle says for the same instant."""
    now = datetime.fromtimestamp(pipeline.value("SELECT toUnixTimestamp64Micro(now64(6))") / 1e6, UTC)
    found = typed(pipeline, f"SELECT {', '.join(f'`{name}`' for name in COLUMNS[view])} FROM {view}")
    with pipeline.source.transaction():
        pipeline.execute("SELECT set_config('oracle.now', %s, true)", [now.isoformat()])
        listed = ", ".join(f'"{name}"' for name in COLUMNS[view])
        expected = [plain(row) for row in pipeline.execute(f"SELECT {listed} FROM oracle.{view}")]
    if view == "v_freshness":
        assert {row[2] for row in found} <= {"live", "idle"}, found
        changed = {row[0] for row in expected}
        found = [row for row in found if row[0] in changed]
    return found, expected


def typed(pipeline: Pipeline, sql: str) -> Rows:
    """Rows with every instant in microseconds, whatever its type."""
    integers = {"DateTime64*": "int", "DateTime*": "int"}
    result = pipeline.sink.query(sql, query_formats=integers)
    seconds = ["DateTime" in t.name and "DateTime64(6" not in t.name for t in result.column_types]
    return [
        tuple(v * 1_000_000 if s and v is not None else plain_value(v) for v, s in zip(row, seconds, strict=True))
        for row in result.result_rows
    ]


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(plain_value(value) for value in row)


def plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // datetime.resolution
    if isinstance(value, dict):
        return tuple(sorted(value.items()))
    if isinstance(value, list):
        return tuple(value)
    return float(value) if isinstance(value, Decimal) else value


def assert_same(what: str, names: Sequence[str], found: Rows, expected: Rows, age_seconds: float = AGE_SECONDS) -> None:
    """The same rows in any order; floats to their last bits, ages within the moment between the reads."""
    about = [i for i, name in enumerate(names) if name in AGES]
    floats = [
        i for i in range(len(names)) if i not in about and any(isinstance(row[i], float) for row in (*found, *expected))
    ]
    exact = [i for i in range(len(names)) if i not in (*about, *floats)]

    def key(row: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(f"{row[i]:%Y-%m-%d}" if isinstance(row[i], date) else str(row[i]) for i in exact)

    found, expected = sorted(found, key=key), sorted(expected, key=key)
    mine, theirs = [key(row) for row in found], [key(row) for row in expected]
    more, less = Counter(mine) - Counter(theirs), Counter(theirs) - Counter(mine)
    only = [list(rows.elements())[:5] for rows in (more, less)]
    assert not more and not less, f"{what} {names}: only ClickHouse has {only[0]}, only the oracle has {only[1]}"
    for one, other in zip(found, expected, strict=True):
        for i in floats:
            assert close(one[i], other[i]), (what, names[i], one, other)
        for i in about:
            unknown = one[i] is None or other[i] is None
            alike = one[i] == other[i] if unknown else abs(one[i] - other[i]) <= age_seconds
            assert alike, (what, names[i], one, other)


def close(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
