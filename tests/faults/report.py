"""docs/faults.md, as the run itself writes it: outcomes in, one row each; rows of scenarios that were not run stay."""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.faults.scenario import Outcome

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD: Final = """# Faults

What is injected into the real processes (PostgreSQL, Debezium on Kafka Connect, Kafka, the worker, ClickHouse's engine)
under load, and what was found afterwards. Written by the command itself: `make faults` runs all, `make faults ONLY=F05
SEED=7` one (and updates its row), `make soak MINUTES=20 SEED=1` mixes them. How it is built, and what I1 to I11 mean:
`tests/faults`, beginning with `invariants.py`.

*Lost* and *doubled* count changes of captured tables against the ledger of acknowledged transactions; a scenario holds
only if mirror, entity rows, facts, stocks and flows are exact too, and if what identifies people is in no topic, table,
file or log (I9). They are not counted where the fault takes changes away before anybody can read them (F13, F14:
RESYNC_REQUIRED, and what it names brings back what there is) or where the scenario writes
what the ledger does not know (F16). *Recovery*: from the end of a fault until every table is less than 3 s old, the
slowest one.
"""
COLUMNS: Final = (
    "scenario", "fault", "held", "load", "iterations", "seeds", "changes", "faults injected", "lost", "doubled",
    "recovery", "machine",
)  # fmt: skip
BROKEN_HEAD: Final = """
## Broken rules

Each rule that correctness rests on, broken on purpose inside the worker (`make faults BROKEN=watermark-first`): a
scenario must notice.
"""
BROKEN_COLUMNS: Final = ("rule", "what is broken", "scenario", "seeds", "noticed by")

Rows = dict[str, tuple[str, ...]]


def machine() -> str:
    return f"{os.cpu_count()} {platform.machine()} cores, shared"


def row(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """All runs of one scenario."""
    first = outcomes[0]
    injected: Counter[str] = sum((Counter(outcome.injected) for outcome in outcomes), Counter())
    seeds = sorted({outcome.seed for outcome in outcomes})
    failed = next((outcome.failure for outcome in outcomes if not outcome.held), "")
    lost, doubled = [outcome.lost for outcome in outcomes], [outcome.doubled for outcome in outcomes]
    recoveries = [outcome.recovery_seconds for outcome in outcomes if outcome.recovery_seconds is not None]
    return (
        first.scenario.name,
        first.scenario.fault,
        f"no: {failed}" if failed else f"yes: {first.scenario.holds}",
        f"{first.rate:g}/s",
        str(sum(outcome.times for outcome in outcomes)),
        str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]}-{seeds[-1]}",
        f"{sum(outcome.changes for outcome in outcomes):,}",
        ", ".join(f"{count} {what}" for what, count in sorted(injected.items())),
        *(str(sum(counts)) if first.scenario.settles else "-" for counts in (lost, doubled)),
        f"{max(recoveries):.1f} s" if recoveries else "",
        machine(),
    )


def update(found: Rows, broken: Rows) -> None:
    """Puts these rows into the document; what it says of others stays."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    upper, _, lower = text.partition("## Broken rules")
    rows = {**parsed(upper), **found}
    rules = {**parsed(lower), **broken}
    parts = [HEAD, table(COLUMNS, rows)]
    if rules:
        parts += [BROKEN_HEAD, table(BROKEN_COLUMNS, rules)]
    DOCUMENT.write_text("\n".join(parts), encoding="utf-8")


def parsed(text: str) -> Rows:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]
    return {row[0]: row for row in cells[1:] if not row[0].startswith("--")}


def table(columns: Sequence[str], rows: Rows) -> str:
    lines = [columns, ["---"] * len(columns), *(rows[name] for name in sorted(rows))]
    return "".join(f"| {' | '.join(one_line(cell) for cell in line)} |\n" for line in lines)


def one_line(cell: str) -> str:
    return " ".join(cell.replace("|", "/").split())[:300]
