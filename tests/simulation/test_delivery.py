"""Exact under every crash, replay and rebalance; and the simulation does notice when a rule is broken."""

import pytest

from tests.simulation.__main__ import failure
from tests.simulation.rules import BROKEN
from tests.simulation.scenario import Rules, Script, run, script
from tests.simulation.shrinking import shrunk

# workers die with coroutines that have not begun
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]

SEEDS = 2000
ENOUGH = 1000
"""Seeds in which a broken rule must show at least once."""


def test_every_seed_converges_to_the_source() -> None:
    for seed in range(SEEDS):
        try:
            run(script(seed))
        except BaseException as error:
            raise AssertionError(
                f"seed {seed}, see python -m tests.simulation --from {seed} --seeds 1: {error}"
            ) from error


@pytest.mark.parametrize("name", BROKEN)
def test_it_notices_a_broken_rule(name: str) -> None:
    broken = BROKEN[name]
    with broken.applied() as rules:
        assert any(failure(script(seed), rules) for seed in range(broken.first, ENOUGH))


def test_a_seed_decides_everything() -> None:
    assert run(script(5)) == run(script(5))


def test_a_failing_script_is_made_small_and_still_fails() -> None:
    with BROKEN["nothing recognised as sent again"].applied() as rules:
        failing = next(script(seed) for seed in range(ENOUGH) if failure(script(seed), rules))
        small = shrunk(failing, lambda found: failure(found, rules) is not None)
        assert failure(small, rules)
        assert len(small.actions) < len(failing.actions) / 2
    assert failure(small, Rules()) is None


def test_a_script_without_actions_is_exact() -> None:
    run(Script(2, 2, False, ()))
