"""Rules of the design, each broken on purpose: the simulation has to notice every one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from schemas.change import Change
from schemas.rows import Partition
from sinks.writer import Writer
from streams import fold
from streams.agents import loading
from streams.freshness import Proof
from streams.measures import MeasureRows
from streams.reading import Gap, Reading
from tests.simulation.scenario import BACKUP, Rules
from tests.simulation.source import Relay


class EntitiesFirst(Writer):
    async def write_first(self, staged: Any) -> None:
        await super().write_second(staged)

    async def write_second(self, staged: Any) -> None:
        await super().write_first(staged)


class WatermarkFirst(Writer):
    async def write_first(self, staged: Any) -> None:
        await super().write_watermarks(staged)

    async def write_watermarks(self, staged: Any) -> None:
        await super().write_first(staged)


def lsn_only(row: Any, change: Change) -> bool:
    return row is not None and (change.offset < row.version or 0 < change.lsn <= row.lsn)


def no_rule(row: Any, change: Change) -> bool:
    return row is not None and change.offset < row.version


add = MeasureRows.add


def added_again(self: MeasureRows, offset: int, contributions: Any) -> None:
    for key, _ in contributions:
        if key in self.rows:
            self.rows[key][0] = min(self.rows[key][0], offset)
    add(self, offset, contributions)


cut = Reading.cut


def skipping(self: Reading, partition: Partition, records: Sequence[Any]) -> Any:
    found = cut(self, partition, records)
    if isinstance(found, Gap):
        self.next[partition] = records[-1].offset + 1
        return records
    return found


def at_once(self: Proof, lsn: int, commit: int, committed_at: int) -> int:
    proven = self.waiting[-1][1] if self.waiting else 0
    self.waiting.clear()
    return proven


def by_the_last_acknowledgement(self: Relay) -> None:
    """What Debezium 3.7.0 tells its slot: all before the change that was acknowledged last."""
    arrived = (shown.place for shown in self.first if shown.offset is not None)
    self.stored = max(self.stored, *arrived, 0)


@dataclass(frozen=True, slots=True)
class Broken:
    """Rules for the scenario, and what else is replaced: object, attribute, by what. `first`: from where to look for a
    seed that notices it, where few do."""

    rules: Rules = Rules()  # noqa: RUF009 frozen
    patches: tuple[tuple[Any, str, Any], ...] = ()
    first: int = 0

    @contextmanager
    def applied(self) -> Iterator[Rules]:
        patches = [patch.object(*entry) for entry in self.patches]
        for entry in patches:
            entry.start()
        try:
            yield self.rules
        finally:
            for entry in reversed(patches):
                entry.stop()


BROKEN: Final = {
    "entity rows before measures": Broken(Rules(EntitiesFirst)),
    "watermark first": Broken(Rules(WatermarkFirst)),
    "measures loaded before entity rows": Broken(patches=(
        (loading, "entities", loading.measures), (loading, "measures", loading.entities),
    ), first=220),
    "tombstones hidden from the load": Broken(Rules(hide_tombstones=True)),
    "nothing recognised as sent again": Broken(patches=((fold, "already_in", no_rule),)),
    "sent again by LSN alone": Broken(patches=((fold, "already_in", lsn_only),)),
    "added once more on a replay": Broken(patches=((MeasureRows, "add", added_again),)),
    "gaps skipped": Broken(patches=((Reading, "cut", skipping),), first=610),
    "a heartbeat that came through is proven": Broken(patches=((Proof, "stored", at_once),)),
    "stored by the last acknowledgement": Broken(patches=((Relay, "store", by_the_last_acknowledgement),)),
    "epochs not compared": Broken(patches=((Reading, "current", lambda self, epoch: True),)),
    "backup taken in the order of writing": Broken(Rules(backup=BACKUP[::-1])),
}  # fmt: skip
