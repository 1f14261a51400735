"""Paths through a lifecycle: what follows a status, how often, and when.

Flows in: a generator and the choices with their weights. Flows out: statuses, and the instants they were entered at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

Choices = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Step:
    """A status that an entity entered."""

    status: str
    at: datetime


def follow(random: Random, choices: Choices) -> str:
    return random.choices(list(choices), list(choices.values()))[0]


def walk(
    random: Random, first: Choices, following: Mapping[str, Choices], created: datetime, now: datetime
) -> list[Step]:
    """A path through the lifecycle that ends before now; the younger an entity, the likelier it is open."""
    path = [follow(random, first)]
    while path[-1] in following:
        path.append(follow(random, following[path[-1]]))
    if random.random() < 0.012 + 0.8 * 0.5 ** ((now - created) / timedelta(days=10)):
        path = path[: random.randint(1, max(1, len(path) - 1))]
    gaps = [random.expovariate(1 / 172_800) for _ in path[1:]]
    shrink = min(1.0, 0.98 * (now - created).total_seconds() / (sum(gaps) or 1))
    steps, at = [Step(path[0], created)], created
    for status, gap in zip(path[1:], gaps, strict=True):
        at += timedelta(seconds=gap * shrink)
        steps.append(Step(status, at))
    return steps


def recorded(paths: Sequence[tuple[int, Sequence[Step]]], budget: int) -> list[tuple[Step, int]]:
    """Status history in the order it was written.

    The history tables are younger than what they record: the newest entities have their whole path in it, up to
    `budget` rows, older ones nothing.
    """
    rows: list[tuple[Step, int]] = []
    for entity, steps in reversed(paths):
        if len(rows) + len(steps) > budget:
            break
        rows.extend((step, entity) for step in steps)
    return sorted(rows, key=lambda row: (row[0].at, row[1]))
