"""A script that fails, made small: actions are left out while it goes on failing, then workers and partitions."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.scenario import Script

Fails = Callable[[Script], bool]


def shrunk(script: Script, fails: Fails) -> Script:
    """The smallest script found that still fails; each candidate is run once."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in candidates(script):
            if fails(candidate):
                script, smaller = candidate, True
                break
    return script


def candidates(script: Script) -> Iterator[Script]:
    """Large cuts first; from the end, where most is of no account."""
    actions = script.actions
    size = len(actions) // 2
    while size:
        for start in range(len(actions) - size, -1, -size):
            yield replace(script, actions=actions[:start] + actions[start + size :])
        size //= 2
    if script.workers > 1:
        yield replace(script, workers=script.workers - 1)
    if script.partitions > 1:
        yield replace(script, partitions=script.partitions - 1)
    if script.forgetful:
        yield replace(script, forgetful=False)
