"""Views: `views/*.sql` with the lists of the lifecycles, the reporting time zone and the captured tables filled in.

Flows out: one statement a view, in an order in which each finds the views it reads. The first comment line of a file
and a fingerprint of the statement become the view's comment in ClickHouse: by it `migrate` knows what to replace.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from itertools import starmap
from pathlib import Path
from typing import Final

from schemas.contract import Contract
from schemas.lifecycles import Lifecycle
from sinks.references import ABOUT, REFERENCES, TARGETS, existing, references
from sinks.statements import SqlError, literal, literals, name, rendered, statements

VIEWS: Final = Path(__file__).with_name("views")
NOW: Final = "now64(6, 'UTC')"
LONGEST_BOOKING: Final = 31 * 24 * 3600 * 1_000_000
"""Microseconds; a longer booking does not occupy its room."""

CREATED_AT: Final = "coalesce(r.created_at, if(r._lsn > 0, r._committed_at, NULL))"
"""When the mirror row `r` was created. Where the source has no creation instant: the commit of the latest change that
the stream saw, which is its creation for rows that are never updated; NULL for a row of a snapshot."""

GRADUATED: Final = ("graduated", "finished", "completed")
"""Statuses of a student who got to the end of the course; an assumption, the source documents none."""

TITLED: Final = {
    "event": ("core_event", "title"),
    "vacancy": ("core_vacancy", "title"),
    "blog": ("core_blog", "title"),
    "article": ("core_article", "title"),
    "category": ("core_category", "name"),
    "city": ("core_city", "name"),
    "country": ("core_country", "name"),
    "organization": ("core_organization", "name"),
    "course": ("techorda_course", "title"),
    "flow": ("techorda_flow", "name"),
    "page": ("landing_page", "title"),
}
"""What has a title in several languages: kind -> table and column."""


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
    content = [each for each in lifecycles.values() if each.entity == "content_items"]
    waiting_on = content[0].waiting_on
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
        "booking_finished": literals(sorted(bookings.terminal - bookings.closed["cancelled_at"])),
        "content_waiting": literals(waiting_on),
        "content_waiting_on": f"{array(waiting_on)}, {array(waiting_on.values())}",
        "content_published": literal(content[0].reached["first_published_at"]),
        "created_at": CREATED_AT,
        "about": ABOUT,
        "graduated": literals(GRADUATED),
        "titled": "\n    UNION ALL\n".join(starmap(titled, TITLED.items())),
        "company_tags": company_tags(contract),
        "users_verified": users_verified(contract),
        "existing": "\n    UNION ALL\n".join(map(existing, TARGETS)),
        "references": "\n    UNION ALL\n".join(starmap(references, REFERENCES.items())),
    }


def titled(kind: str, place: tuple[str, str]) -> str:
    table, column = place
    return f"    SELECT {literal(kind)} AS kind, id, {name(column)} AS title FROM {name(table)} FINAL"  # noqa: S608 quoted


def users_verified(contract: Contract) -> str:
    """How many of the rows `r` have a verified address or number; NULL where the contract has neither flag."""
    listed = {column.name for column in contract.tables["account_user"].columns}
    flags = [f"ifNull(r.{flag}, false)" for flag in ("email_verified", "phone_verified") if flag in listed]
    return f"countIf({' OR '.join(flags)})" if flags else "CAST(NULL, 'Nullable(UInt64)')"


def company_tags(contract: Contract) -> str:
    """Names of the tags, and whether the row `r` has each: two arrays."""
    tags = [column.name for column in contract.tables["account_company"].columns if column.type == "flag"]
    return f"{literals(tags, brackets='[]')}, [{', '.join(f'r.{name(tag)}' for tag in tags)}]"
