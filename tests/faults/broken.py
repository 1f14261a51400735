"""The rules that correctness rests on, broken in the real worker, and the scenario that must notice each.

They are the simulator's own (`tests/simulation/rules.py`), put into a worker process before it imports the product. A
checker that stays silent here is worth nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partialmethod
from typing import Final

from schemas.rows import Partition
from sinks.clickhouse import Sink
from streams.agents import loading
from streams.agents.engine import Engine
from streams.stored import Stored
from tests.faults.inside import patch
from tests.simulation.rules import BROKEN


@dataclass(frozen=True, slots=True)
class Rule:
    """`meaning` is the simulator's name for it, `noticed_by` the scenario that is run to show it."""

    meaning: str
    noticed_by: str


RULES: Final = {
    "entities-first": Rule("entity rows before measures", "F02"),
    "watermark-first": Rule("watermark first", "F02"),
    "added-on-replay": Rule("added once more on a replay", "F02"),
    "no-sent-again": Rule("nothing recognised as sent again", "F11"),
    "lsn-alone": Rule("sent again by LSN alone", "F16"),
    "tombstones-hidden": Rule("tombstones hidden from the load", "F11"),
    "measures-loaded-first": Rule("measures loaded before entity rows", "F05 loading"),
}


def break_rule(name: str) -> None:
    broken = BROKEN[RULES[name].meaning]
    for owner, attribute, value in broken.patches:
        setattr(owner, attribute, value)
    patch(Engine, __init__=partialmethod(Engine.__init__, make_writer=broken.rules.make_writer))
    if broken.rules.hide_tombstones:
        hide_tombstones()


def hide_tombstones() -> None:
    """As if deleted rows had not been read."""
    entities = loading.entities

    async def living(sink: Sink, stored: Mapping[Partition, Stored]) -> None:
        await entities(sink, stored)
        for part in stored.values():
            for rows in (part.fold.mirror, part.fold.entities):
                for key in [key for key, seen in rows.items() if seen.state is None]:
                    del rows[key]

    loading.entities = living
