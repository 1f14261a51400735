"""The worker's health: are the figures in ClickHouse younger than a minute? Exit code 0 yes, 1 no.

It says no while any part before ClickHouse is away, too: good for a person to see, wrong as a reason to restart.
"""

import sys
from typing import Final

from schemas.settings import load
from sinks.clickhouse import ClickHouseError, SinkUnavailable, connect, one_line

SECONDS: Final = 60
AGE: Final = "SELECT min(lag_seconds) FROM v_freshness"
"""Of the freshest table: one that waits for a resync does not make the worker unhealthy."""


def main() -> int:
    try:
        with connect(load("clickhouse_dsn")) as client:
            age = client.query(AGE).result_rows[0][0]
    except (SinkUnavailable, ClickHouseError) as error:
        print(f"clickhouse cannot be asked: {one_line(error)}")
        return 1
    print("nothing has been seen yet" if age is None else f"{age:.1f} s old")
    return 0 if age is not None and age < SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
