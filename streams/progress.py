"""Does every watermark move while its log has more? Pure: ends and watermarks in, seconds without progress out.

Time is given as the seconds that passed since the last look, so that a process which slept does not count its sleep.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.rows import Partition


@dataclass(slots=True)
class Progress:
    """`seconds`: of each partition whose log has more than its watermark, how long the watermark has not moved."""

    seconds: dict[Partition, float] = field(default_factory=dict)
    durable: dict[Partition, int] = field(default_factory=dict)

    def look(self, ends: Mapping[Partition, int], durable: Mapping[Partition, int], passed: float) -> None:
        """`durable` has the partitions that are read: below which offset everything is in the sink."""
        before, self.durable = self.durable, dict(durable)
        self.seconds = {
            partition: self.seconds.get(partition, 0.0) + passed if before.get(partition) == at else 0.0
            for partition, at in durable.items()
            if ends.get(partition, 0) > at
        }

    def excused(self) -> None:
        """ClickHouse is away: waiting for it is no stall, and what comes after gets its full time."""
        self.seconds = dict.fromkeys(self.seconds, 0.0)

    @property
    def worst(self) -> tuple[Partition, float] | None:
        return max(self.seconds.items(), key=lambda item: item[1], default=None)
