"""Activity: streamed changes of every captured table, per minute."""

from schemas.change import Change
from schemas.contract import Table
from streams.measures import NONE, ONE, Contributions, Measure, flow, minute_of


def activity_of(table: Table) -> Measure:
    """Snapshot reads are not changes."""
    domain, name = table.domain, table.name

    @flow("activity_1m", key=("minute", "domain", "table", "operation"), values=("changes",))
    def activity(change: Change) -> Contributions:
        if not change.lsn:
            return NONE
        return [((minute_of(change.committed_at), domain, name, change.operation), ONE)]

    return activity
