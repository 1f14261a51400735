"""The result of a run of seeds, in docs/simulation.md."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Final

BEGIN: Final = "<!-- written by make seeds -->\n"
END: Final = "<!-- end -->\n"


def result(seeds: int, first: int, minutes: float, failed: int, machine: str, day: date, count: Counter[str]) -> str:
    """Lines of Markdown."""
    rows = "".join(f"| {name} | {number:,} |\n" for name, number in count.most_common())
    return (
        f"{day.isoformat()}, {machine}: {seeds:,} seeds from {first:,} in {minutes:.0f} minutes, "
        f"**{failed:,} diverged**.\n\n| injected | times |\n|---|---|\n{rows}"
    )


def write(page: Path, lines: str) -> None:
    """Between the two marks."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}{lines}{END}{after}", encoding="utf-8")
