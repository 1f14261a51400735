"""From an assignment to the positions to read on from.

State is loaded from ClickHouse in the order that makes late writers harmless, every position is checked against the
log, and partitions that cannot be read on are named with the reason. No position is ever reset.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from faust.types import TP

from connectors import topics
from connectors.errors import Unreachable
from schemas.rows import Partition
from schemas.settings import Settings
from sinks.clickhouse import ClickHouse, SinkUnavailable
from streams.agents.exits import LimitReached
from streams.agents.loading import Stored, load
from streams.dead_letters import DeadLetterLimit
from streams.plan import TopicPlan
from streams.resync import another_topic, derivation_changed, outside_log

log = logging.getLogger("techhub.assignment")


class Assignment:
    """What the partitions of one epoch need to know before they are read."""

    def __init__(self, settings: Settings, plans: Mapping[str, TopicPlan], open_sink: Callable[[], Any]) -> None:
        self.settings = settings
        self.plans = plans
        self.open_sink = open_sink
        self.limit = DeadLetterLimit(settings.dead_letters_in_1000, in_a_row=settings.dead_letters_in_a_row)
        self.topics: dict[str, topics.Identity] = {}

    async def load(
        self, partitions: Collection[Partition], current: Callable[[], bool]
    ) -> dict[Partition, Stored] | None:
        """Tries until it succeeds; None when the assignment has changed meanwhile."""
        delay, told = 0.1, False
        while current():
            try:
                sink: ClickHouse = await self.open_sink()
                self.topics.update(
                    await asyncio.to_thread(topics.identities, self.settings, {p.topic for p in partitions})
                )
                stored = await load(sink, self.plans, partitions, self.limit)
                return stored if current() else None
            except LookupError as error:
                raise LimitReached(str(error)) from None
            except (SinkUnavailable, Unreachable) as error:
                if not told:
                    log.warning("cannot load state, trying again until it can: %s", error)
                told = True
                await asyncio.sleep(delay)
                delay = min(2 * delay, 5.0)
        return None

    async def refused(self, consumer: Any, stored: Mapping[Partition, Stored]) -> dict[Partition, str]:
        """Partitions that cannot be read on from their watermark, and why: Kafka would silently reset the position."""
        if not stored:
            return {}
        tps = {partition: TP(partition.topic, partition.number) for partition in stored}
        first = await consumer.earliest_offsets(*tps.values())
        end = await consumer.highwaters(*tps.values())
        found = {}
        for partition, part in stored.items():
            plan, tp = self.plans[partition.topic], tps[partition]
            if changed := derivation_changed(part, plan):
                raise LimitReached(changed)
            reason = self.another(part, plan) or outside_log(part, plan, first.get(tp, 0), end.get(tp, 0))
            if reason is not None:
                found[partition] = reason
        return found

    def another(self, part: Stored, plan: TopicPlan) -> str | None:
        """Why Kafka's topic is not the one that the rows come from, as far as Kafka has told."""
        identity = self.topics.get(plan.topic, topics.Identity("", 0))
        return another_topic(part, plan, identity.topic_id, identity.partitions)

    def topic_id(self, topic: str) -> str:
        return self.topics.get(topic, topics.Identity("", 0)).topic_id
