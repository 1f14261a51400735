"""From an assignment to the state to read on with.

State is loaded from ClickHouse in the order that makes late writers harmless, every position is checked against the
log, and partitions that cannot be read on are named with the reason. No position is ever reset.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.errors import Unreachable
from connectors.topics import Identity
from schemas.rows import Partition
from schemas.settings import Settings
from sinks.clickhouse import Sink, SinkUnavailable
from streams.agents.consumer import Consumer
from streams.agents.exits import LimitReached
from streams.agents.loading import load
from streams.dead_letters import DeadLetterLimit
from streams.plan import TopicPlan
from streams.resync import another_topic, derivation_changed, outside_log
from streams.stored import Stored

log = logging.getLogger("techhub.assignment")
NAMES: Final = 4
"""In so many seconds a restarted broker or an expired session may give a worker new names, but no more."""
WINDOW_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Located:
    """State of the partitions that can be read on from their watermarks, and why the others cannot."""

    parts: dict[Partition, Stored]
    refused: dict[Partition, str]


async def together(*questions: Coroutine[Any, Any, Any]) -> list[Any]:
    """The answers; at the first that fails, its error, and the others are asked no longer."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(question) for question in questions]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


class Assignment:
    """What the partitions of one epoch need to know before they are read."""

    def __init__(
        self, settings: Settings, plans: Mapping[str, TopicPlan], open_sink: Callable[[], Awaitable[Sink]]
    ) -> None:
        self.plans = plans
        self.open_sink = open_sink
        self.limit = DeadLetterLimit(settings.dead_letters_in_1000, in_a_row=settings.dead_letters_in_a_row)
        self.topics: dict[str, Identity] = {}

    async def locate(
        self, consumer: Consumer, partitions: Collection[Partition], current: Callable[[], bool]
    ) -> Located | None:
        """Tries until it succeeds; None when the assignment has changed meanwhile."""
        delay, told = 0.1, False
        while current():
            try:
                sink = await self.open_sink()
                identities, stored = await together(
                    consumer.identities({p.topic for p in partitions}), load(sink, self.plans, partitions, self.limit)
                )
                self.topics.update(identities)
                first, end = await together(consumer.first(stored), consumer.ends(stored))
                refused = self.refused(stored, first, end) if current() else {}
            except LookupError as error:
                raise LimitReached(str(error)) from None
            except (SinkUnavailable, Unreachable) as error:
                if not told:
                    log.warning("cannot load state, trying again until it can: %s", error)
                told = True
                await asyncio.sleep(delay)
                delay = min(2 * delay, 5.0)
            else:
                return Located({p: s for p, s in stored.items() if p not in refused}, refused) if current() else None
        return None

    def refused(
        self, stored: Mapping[Partition, Stored], first: Mapping[Partition, int], end: Mapping[Partition, int]
    ) -> dict[Partition, str]:
        """Partitions that cannot be read on from their watermark, and why: Kafka would silently reset the position."""
        found = {}
        for partition, part in stored.items():
            plan = self.plans[partition.topic]
            if changed := derivation_changed(part, plan):
                raise LimitReached(changed)
            reason = self.another(part, plan) or outside_log(part, plan, first.get(partition, 0), end.get(partition, 0))
            if reason is not None:
                found[partition] = reason
        return found

    def another(self, part: Stored, plan: TopicPlan) -> str | None:
        """Why Kafka's topic is not the one that the rows come from, as far as Kafka has told."""
        identity = self.topics.get(plan.topic, Identity("", 0))
        return another_topic(part, plan, identity.topic_id, identity.partitions)

    def topic_id(self, topic: str) -> str:
        return self.topics.get(topic, Identity("", 0)).topic_id


@dataclass(slots=True)
class Contention:
    """Two live workers with one id are not refused: each takes the other's place in the group, for ever.

    A member keeps the name that the broker gave it through every rebalance; whose place is taken gets another.
    """

    worker_id: str
    names: dict[str, float] = field(default_factory=dict)
    """Of this process, and when each was seen last."""

    def look(self, name: str, now: float) -> str | None:
        """Called again and again with the member's name, '' while it has none, and the time in seconds; what to say."""
        if name:
            self.names[name] = now
        self.names = {name: seen for name, seen in self.names.items() if seen > now - WINDOW_SECONDS}
        if len(self.names) <= NAMES:
            return None
        self.names.clear()
        return (
            f"another live worker uses the id {self.worker_id!r} too and takes its place in the group again and again; "
            "give each its own TECHHUB_WORKER_ID"
        )
