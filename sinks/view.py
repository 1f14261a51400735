"""Views: `views/*.sql` with the lists of the lifecycles, the reporting time zone and the captured tables filled in.

Flows out: one statement a view, in an order in which each finds the views it reads. The first comment line of a file
and a fingerprint of the statement become the view's comment in ClickHouse: by it `migrate` knows what to replace.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

from schemas.contract import Contract
from schemas.lifecycles import Lifecycle
from sinks.statements import SqlError, literal, literals, rendered, statements

VIEWS: Final = Path(__file__).with_name("views")
NOW: Final = "now64(6, 'UTC')"
LONGEST_BOOKING: Final = 31 * 24 * 3600 * 1_000_000
"""Microseconds; a longer booking does not occupy its room."""


@dataclass(frozen=True, slots=True)
class View:
    name: str
    statement: str
    comment: str


def load_views(
    contract: Contract, lifecycles: dict[str, Lifecycle], timezone: str, *, now: str = NOW, directory: Path = VIEWS
) -> list[View]:
    """Every view, those that others read first; `now` is the SQL of the present instant (tests fix it)."""
    values = placeholders(contract, lifecycles, timezone, now)
    views = {path.stem: load_view(path, values) for path in sorted(directory.glob("*.sql"))}
    order = TopologicalSorter({view.name: reads(view) & views.keys() for view in views.values()}).static_order()
    return [views[name] for name in order]


def load_view(path: Path, values: dict[str, str]) -> View:
    text = path.read_text(encoding="utf-8")
    try:
        found = statements(rendered(text, values))
    except SqlError as error:
        raise SqlError(f"view {path.stem}: {error}") from None
    if len(found) != 1 or not found[0].startswith(f"CREATE OR REPLACE VIEW {path.stem} AS"):
        raise SqlError(f"view {path.stem}: expected the one statement CREATE OR REPLACE VIEW {path.stem} AS ...")
    meaning = text.splitlines()[0].removeprefix("--").strip()
    comment = f"{meaning} [{hashlib.sha256(found[0].encode()).hexdigest()[:16]}]"
    return View(path.stem, f"{found[0]}\nCOMMENT {literal(comment)}", comment)


def reads(view: View) -> set[str]:
    return set(re.findall(r"\bv_\w+", view.statement)) - {view.name}


def placeholders(contract: Contract, lifecycles: dict[str, Lifecycle], timezone: str, now: str) -> dict[str, str]:
    """What a view may ask for, as SQL."""
    requests, bookings = lifecycles["requests"], lifecycles["bookings"]
    success = requests.reached["first_success_at"]
    array = partial(literals, brackets="[]")
    return {
        "now": now,
        "timezone": literal(timezone),
        "captured": array(contract.tables),
        "request_terminal": literals(sorted(requests.terminal)),
        "request_waiting_on": f"{array(requests.waiting_on)}, {array(requests.waiting_on.values())}",
        "request_sent": literal(requests.reached["first_sent_at"]),
        "request_approved": literal(requests.reached["first_approved_at"]),
        "request_success": literal(success),
        "request_rejected": literals(sorted(requests.terminal - {success})),
        "booking_cancelled": literals(sorted(bookings.closed["cancelled_at"])),
        "booking_longest": str(LONGEST_BOOKING),
    }
