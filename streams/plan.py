"""What the agents do with each topic, made from contract, lifecycles and measures; and its fingerprint.

The fingerprint names the function that made the rows of a topic. A worker with another one does not start over rows
that are above the watermark: what changes the meaning of existing rows needs a rebuild.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.contract import Contract, Table
from schemas.decoder import Decoder
from schemas.lifecycles import Lifecycle, load_lifecycles
from schemas.settings import Settings
from streams.bookings import room_hours
from streams.content import content_backlog
from streams.fold import LifecyclePlan, TablePlan
from streams.measures import Measure
from streams.requests import request_backlog, request_flow

MEASURES: Final[Mapping[str, Sequence[Measure]]] = {
    "requests": (request_backlog, request_flow),
    "bookings": (room_hours,),
    "content_items": (content_backlog,),
}
"""By entity table."""

SWITCH: Final = "rebuild_switch"
"""A table that is there while a rebuild exchanges tables: some are of one derivation, some of the other."""


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """One captured table: its topic, how its records are read and what they become."""

    topic: str
    decoder: Decoder
    table: TablePlan
    fingerprint: str

    @property
    def name(self) -> str:
        return self.table.table.name

    @property
    def partitions(self) -> int:
        return self.table.table.partitions


def plans(contract: Contract, settings: Settings) -> dict[str, TopicPlan]:
    """By topic."""
    lifecycles = {lifecycle.table: lifecycle for lifecycle in load_lifecycles(contract).values()}
    found = (plan(table, lifecycles.get(table.name), contract, settings) for table in contract.tables.values())
    return {entry.topic: entry for entry in found}


def derivation(plans: Mapping[str, TopicPlan]) -> str:
    """Of all topics together: workers of one group must have the same."""
    return digest({topic: each.fingerprint for topic, each in plans.items()})


def member_id(worker_id: str, plans: Mapping[str, TopicPlan]) -> str:
    """How a worker is called in its group: the others see by what it derives."""
    return f"{worker_id}~{derivation(plans)}"


def plan(table: Table, lifecycle: Lifecycle | None, contract: Contract, settings: Settings) -> TopicPlan:
    decoder = Decoder(table, settings.zone)
    steps = LifecyclePlan.of(lifecycle, table, MEASURES.get(lifecycle.entity, ())) if lifecycle else None
    made = TablePlan.of(table, decoder.empty, decoder.toast, steps)
    return TopicPlan(
        contract.topic(settings.topic_prefix, table.name),
        decoder,
        made,
        fingerprint(table, lifecycle, made, settings.timezone),
    )


def fingerprint(table: Table, lifecycle: Lifecycle | None, made: TablePlan, timezone: str) -> str:
    """`<columns>-<meaning>`, the same in every process: sets are sorted.

    Another set of columns may go on over the rows of the old one, once those are complete; another meaning may not. The
    time zone counts where it decides what a value means.
    """
    zoned = any(column.type == "timestamp" for column in table.columns)
    columns = table.model_dump(mode="json", exclude={"columns": {"__all__": {"reason", "optional"}}})
    meaning = {
        "key": table.key,
        "lifecycle": lifecycle.model_dump() if lifecycle else None,
        "timezone": timezone if zoned else None,
        "measures": [[m.name, m.key, m.values, m.revision] for m in made.measures()],
    }
    return f"{digest(columns)}-{digest(meaning)}"


def digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=sorted).encode()).hexdigest()[:8]
