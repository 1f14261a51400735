"""Which rows the simulator remembers beside requests and bookings: what it may change, delete or point to.

Flows in: a connection. Flows out: pools of keys by table, with what an action must know of the row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from psycopg import Connection

from deploy.local.source.domains.core_content import PLACES
from deploy.local.source.simulate.pool import Pool

MOST = 5_000
"""Rows of a table that a world starts with."""

Rows = Pool[Any, Any]


class Content(NamedTuple):
    status: str
    published: bool
    views: int


class Comment(NamedTuple):
    source: str
    primary_key: int


class Place(NamedTuple):
    course: int
    school: int
    flow: int


def known(*_: object) -> bool:
    """Nothing but that the row is there."""
    return True


@dataclass(frozen=True, slots=True)
class Tracking:
    """`shared`: rows that nobody deletes, so that every world may point to all of them."""

    columns: str = "id"
    value: Callable[..., object] = known
    where: str = "true"
    shared: bool = False
    key: str = "id"


REFERENCE: Final = Tracking(shared=True)
TRACKED: Final[Mapping[str, Tracking]] = {
    **dict.fromkeys(PLACES, Tracking("status, published, view_count", Content, "status <> 'deleted'")),
    **dict.fromkeys(PLACES.values(), REFERENCE),
    "core_eventparticipant": Tracking("event_id", int),
    "core_vacancycandidate": Tracking("vacancy_id", int),
    "core_comment": Tracking("source, primary_key", Comment, "status = 'active'"),
    "core_notification": Tracking(where="NOT is_read"),
    "account_usercompany": Tracking("verified", bool),
    "account_usercompanyrequest": Tracking(where="status = 'sent'"),
    "account_activation": Tracking("user_id", int, key="uuid"),
    "account_user_groups": Tracking(),
    "auth_group": REFERENCE,
    "service_hubform": REFERENCE,
    "service_report": Tracking(where="status IN ('sent', 'correction')"),
    "techorda_course": Tracking("id, school_id, flow_id", Place, shared=True),
    "techorda_courseapplication": Tracking(where="status = 'sent'"),
    "techorda_coursefavorite": Tracking(),
    "service_techordastudent": Tracking("course_id", int, "status = 'studying'"),
    "landing_page": REFERENCE,
    "shared_mediafile": Tracking(),
    "shared_protectedmediafile": Tracking(),
}


def tracked(connection: Connection[Any], share: tuple[int, int]) -> dict[str, Rows]:
    return {table: _pool(connection, table, tracking, share) for table, tracking in TRACKED.items()}


def _pool(connection: Connection[Any], table: str, tracking: Tracking, share: tuple[int, int]) -> Rows:
    key, (mine, of) = tracking.key, share
    part = "true" if tracking.shared or key != "id" else f"id % {of} = {mine}"
    query = (
        f"SELECT {key}::text AS key, {tracking.columns} FROM {table}"  # noqa: S608 - names above
        f" WHERE {tracking.where} AND {part} ORDER BY {key} DESC LIMIT {MOST}"
    )
    pool: Rows = Pool()
    for name, *values in connection.execute(query.encode()):
        pool.put(int(name) if key == "id" else name, tracking.value(*values))
    return pool
