"""Entity rows: where a request, a booking, ... stands. Measures are functions of these.

Fields are the columns of the entity table in its order (`id` is called as the lifecycle says). Instants are
microseconds since 1970 in UTC. `streams/lifecycle.py` fills them; a difference to `schemas/lifecycles.yaml` is refused
when the agents start.
"""

import msgspec


class Entity(msgspec.Struct, frozen=True, gc=False):
    id: int
    status: str
    since: int
    since_observed: bool
    """Whether the stream saw the entity enter its status (a snapshot only shows that it is there)."""


class Request(Entity, frozen=True, gc=False):
    service: str
    author_id: int | None
    company_id: int | None
    assignee_id: int | None
    expert_id: int | None
    parent_id: int | None
    created_at: int | None
    first_sent_at: int | None
    first_approved_at: int | None
    first_success_at: int | None
    closed_at: int | None
    corrections: int


class Booking(Entity, frozen=True, gc=False):
    room_id: int | None
    author_id: int | None
    company_id: int | None
    starts_at: int | None
    ends_at: int | None
    created_at: int | None
    cancelled_at: int | None


class ContentItem(Entity, frozen=True, gc=False):
    """An event, a vacancy, a blog or an article."""

    content_type: str
    author_id: int | None
    company_id: int | None
    organization_id: int | None
    published: bool | None
    created_at: int | None
    first_sent_at: int | None
    first_published_at: int | None
    closed_at: int | None


class Company(Entity, frozen=True, gc=False):
    created_at: int | None
    blocked_at: int | None


ENTITIES: dict[str, type[Entity]] = {
    "requests": Request,
    "bookings": Booking,
    "content_items": ContentItem,
    "companies": Company,
}
"""By entity table."""
