"""The domains of the source database: to add one, add its files.

`<domain>.sql` creates its tables as Django would have made them, with indexes and foreign keys below the line `AFTER`.
`<domain>.py` has `tables(base)`, its part of the base data set; a domain without one starts empty.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from deploy.local.source.base import Base, Table

AFTER = "-- after loading: indexes and foreign keys\n"


def definitions() -> tuple[str, str]:
    """SQL to run before the rows are loaded, and after: no order of domains matters then."""
    halves = [path.read_text(encoding="utf-8").partition(AFTER) for path in sorted(Path(__file__).parent.glob("*.sql"))]
    return "\n".join(first for first, _, _ in halves), "\n".join(last for _, _, last in halves)


def base_tables(base: Base) -> Iterator[Table]:
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        yield from importlib.import_module(module.name).tables(base)
