"""`techhub-cdc reconcile --repair`: brings ClickHouse back to what PostgreSQL is, through the log.

Rows that are missing or different are read again by an incremental snapshot; a row that the source no longer has gets a
delete which carries the position read before the check, so that it applies to an older row only. Both pass the same
decoder and fold as every change. It ends when a further reconciliation is exact, and only then is RESYNC_REQUIRED over.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from connectors import signals
from ops.comparison import Comparison
from ops.reconciliation import Mirror, Reconciled, Tell, reconcile, settle
from ops.source import source
from schemas.contract import Contract, Table
from schemas.errors import Problem
from schemas.settings import Settings

ATTEMPTS: Final = 10


def repair(
    settings: Settings, contract: Contract, only: Collection[str] | None, timeout: float, tell: Tell
) -> Reconciled:
    for attempt in range(ATTEMPTS):
        # a new snapshot, and heartbeats that are missing, are RESYNC_REQUIRED only once the workers have read them
        settle(settings, contract, only, timeout, tell)
        required = open_resyncs(settings)
        with source(settings, contract.schema_name) as origin:
            lsn, committed_at = origin.position()
        result = reconcile(settings, contract, only, timeout, tell)
        if result.exact:
            resolve(settings, {table: version for table, version in required.items() if not only or table in only})
            return result
        differing = {part.name: part for part in result.comparisons if part.found and part.name in contract.tables}
        if not differing:
            raise Problem(
                "rows are equal but a stock differs, which a repair cannot mend: run techhub-cdc rebuild, which "
                "replays the log"
            )
        tell(f"repairing {', '.join(differing)}, attempt {attempt + 1}")
        for name, part in differing.items():
            mend(settings, contract, contract.tables[name], part, (lsn, committed_at))
    return result


def mend(settings: Settings, contract: Contract, table: Table, part: Comparison, position: tuple[int, int]) -> None:
    extra = [difference.key for difference in part.found if difference.kind == "extra"]
    again = [difference.key for difference in part.found if difference.kind != "extra"]
    if extra:
        signals.delete(settings, contract, table, Mirror(settings).partitions(table, extra), *position)
    if again:
        signals.read_again(settings, contract, table, again)


def open_resyncs(settings: Settings) -> dict[str, int]:
    """Tables in RESYNC_REQUIRED, and the version of the row that says so."""
    rows = Mirror(settings).select("SELECT `table`, _version FROM resync_required FINAL WHERE resolved_at IS NULL")
    return {str(table): int(version) for table, version in rows}


def resolve(settings: Settings, required: Mapping[str, int]) -> None:
    """The tables are exact: what was required before the check began is done; what came since is not."""
    now: int = time.time_ns() // 1000
    parameters: dict[str, Any] = {"done": [f"{table} {version}" for table, version in required.items()], "now": now}
    Mirror(settings).client.command(
        "INSERT INTO resync_required SELECT `table`, reason, command, required_at, "
        "fromUnixTimestamp64Micro({now:Int64}), greatest({now:UInt64}, _version + 1) FROM resync_required FINAL "
        "WHERE resolved_at IS NULL AND concat(`table`, ' ', toString(_version)) IN {done:Array(String)}",
        parameters=parameters,
    )
