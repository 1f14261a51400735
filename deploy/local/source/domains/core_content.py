"""Events, vacancies, blogs and articles: written by an author, looked at by a moderator, published or not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from deploy.local.source.base import CANARY, Base, Row, Table, document
from deploy.local.source.paths import Choices, Step, walk
from deploy.local.source.phrases import CONTENT_TITLES, Title

FIRST: Final[Choices] = {"draft": 65, "sent": 35}
NEXT: Final[Mapping[str, Choices]] = {
    "draft": {"sent": 93, "deleted": 7},
    "sent": {"success": 70, "correction": 18, "reject": 12},
    "correction": {"sent": 94, "deleted": 6},
}
"""What follows an open status, and how often; a published or rejected item may still be deleted later."""

TAKEN_DOWN = 0.06
EVENT_TYPES = ("open_event", "open_event", "open_event", "closed_event")
EVENT_FORMATS = ("astanahub", "astanahub", "online", "hybrid")
VACANCY_TYPES = ("fulltime", "fulltime", "fulltime", "parttime", "internship", "project", "volunteering",
                 "absense_period")  # fmt: skip
TAGS = ("it", "startup", "ai", "grant", "education", "community", "investment")


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of content. `place`: its organization, city or category."""

    id: int
    status: str
    author: int
    company: int | None
    place: int | None
    created_at: datetime
    updated_at: datetime
    views: int = 0


def tables(base: Base) -> Iterator[Table]:
    for table, place in PLACES.items():
        yield Table(table, _rows(base, table, place))


def _rows(base: Base, table: str, place: str) -> Iterator[Row]:
    random = base.random(f"{table}:columns")
    for number, steps in enumerate(paths(base, table), start=1):
        published = steps[-1].status == "success"
        yield content(table, random, Item(
            number, steps[-1].status, base.one(random, "account_user"),
            base.maybe(random, "account_company", 0.6), base.maybe(random, place, 0.8),
            steps[0].at, steps[-1].at, int(random.expovariate(1 / 400)) if published else 0,
        ))  # fmt: skip


def paths(base: Base, table: str) -> Iterator[list[Step]]:
    """The statuses that each item went through."""
    random = base.random(table)
    for created in base.instants(table):
        steps = walk(random, FIRST, NEXT, created, base.now)
        if steps[-1].status in ("success", "reject") and random.random() < TAKEN_DOWN:
            gone = steps[-1].at + (base.now - steps[-1].at) * random.random()
            steps.append(Step("deleted", gone.replace(microsecond=0)))
        yield steps


def content(table: str, random: Random, item: Item) -> Row:
    return {
        "id": item.id,
        "title": document(content_title(table, item.id)),
        **OWN[table](random, item),
        "status": item.status,
        "published": item.status == "success",
        "author_id": item.author,
        "company_id": item.company,
        "view_count": item.views,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    }


def content_title(table: str, number: int) -> Title:
    return CONTENT_TITLES[table](number)


def _event(random: Random, item: Item) -> Row:
    start = (item.created_at + timedelta(days=3 + 40 * random.random())).replace(minute=0, second=0, microsecond=0)
    return {
        "content": _text(),
        "slug": f"event-{item.id}",
        "event_type": random.choice(EVENT_TYPES),
        "event_format": random.choice(EVENT_FORMATS),
        "datetime_start": start,
        "datetime_end": start + timedelta(hours=1 + int(8 * random.random())),
        "organization_id": item.place,
        "contact_info": document({"person": CANARY, "phone": CANARY}),
        "address": f"{CANARY} 1",
    }


def _vacancy(random: Random, item: Item) -> Row:
    least = 150_000 + 50_000 * int(18 * random.random())
    return {
        "description": _text(),
        "vacancy_type": random.choice(VACANCY_TYPES),
        "salary_min": least if random.random() < 0.8 else None,
        "salary_max": least + 50_000 * int(12 * random.random()) if random.random() < 0.7 else None,
        "city_id": item.place,
        "contact_info": document({"person": CANARY, "phone": CANARY}),
    }


def _post(random: Random, item: Item) -> Row:
    return {
        "content": _text(),
        "slug": f"post-{item.id}",
        "category_id": item.place,
        "tags": [tag for tag in TAGS if random.random() < 0.25],
        "likes": people(random, item.views // 60),
        "dislikes": people(random, item.views // 500),
    }


def _text() -> str:
    return document({"ru": f"Текст {CANARY}", "kk": f"Мәтін {CANARY}", "en": f"Text {CANARY}"})


def people(random: Random, count: int) -> list[int]:
    """Ids of users that reacted; whether they are still there is nobody's concern."""
    return [1 + int(1_000 * random.random()) for _ in range(count)]


OWN: Final[Mapping[str, Callable[[Random, Item], Row]]] = {
    "core_event": _event,
    "core_vacancy": _vacancy,
    "core_blog": _post,
    "core_article": _post,
}
PLACES: Final[Mapping[str, str]] = {
    "core_event": "core_organization",
    "core_vacancy": "core_city",
    "core_blog": "core_category",
    "core_article": "core_category",
}
"""The content tables, and the table that `place` points to."""
