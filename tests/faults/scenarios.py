"""All scenarios by name."""

from typing import Final

from tests.faults import capture, events, migrations, parts, restores, soak, transactions, viewers, workers
from tests.faults.scenario import Scenario

MODULES: Final = (workers, parts, restores, capture, migrations, transactions, events, viewers, soak)
SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.name: scenario
    for scenario in sorted((one for module in MODULES for one in module.SCENARIOS), key=lambda one: one.name)
}


def chosen(only: str) -> list[Scenario]:
    """`F08` is all of `F08 away`, `F08 slow`, ...; commas separate several; nothing: everything but the soak."""
    names = [name.strip() for name in only.split(",") if name.strip()] or [n for n in SCENARIOS if n != "F23"]
    found = [scenario for name, scenario in SCENARIOS.items() if any(name.startswith(n) for n in names)]
    for name in names:
        if not any(scenario.name.startswith(name) for scenario in found):
            raise LookupError(f"scenario {name!r}: expected one of {', '.join(SCENARIOS)}")
    return found
