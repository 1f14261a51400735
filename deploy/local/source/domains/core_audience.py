"""What people do around content: take part, apply, comment, are notified; the feed, and the log of actions."""

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random

from deploy.local.source.base import CANARY, Base, Row, Table, document
from deploy.local.source.domains.core_content import paths, people
from deploy.local.source.phrases import CONTENT_TITLES

COMMENTED = ("blog", "blog", "blog", "event", "article", "vacancy")
FEATURED = ("article", "blog", "event", "vacancy", "discussion", "techtask")
MODERATED = FEATURED[:4]
ACTIONS = ("login", "login", "logout", "view", "create", "update", "update", "delete", "download", "sign")


def tables(base: Base) -> Iterator[Table]:
    yield Table("core_eventparticipant", _joined(base, "core_eventparticipant", "core_event", participant))
    yield Table("core_vacancycandidate", _joined(base, "core_vacancycandidate", "core_vacancy", candidate))
    for name in ("core_discussion", "core_techtask"):
        yield Table(name, _discussions(base, name))
    yield Table("core_comment", _comments(base))
    yield Table("core_feed", _feed(base))
    yield Table("core_notification", _notifications(base))
    yield Table("core_actionlog", _actions(base))


def participant(number: int, event: int, author: int, at: datetime) -> Row:
    return {
        "id": number,
        "event_id": event,
        "author_id": author,
        "full_name": CANARY,
        "email": f"{CANARY}@example.kz",
        "phone": CANARY,
        "created_at": at,
    }


def candidate(number: int, vacancy: int, author: int, at: datetime) -> Row:
    return {
        "id": number,
        "vacancy_id": vacancy,
        "author_id": author,
        "message": CANARY,
        "phone": CANARY,
        "created_at": at,
    }


def comment(
    number: int, about: tuple[str, int], parent: int | None, author: int, likes: list[int], at: datetime
) -> Row:
    source, key = about
    return {
        "id": number,
        "message": CANARY,
        "source": source,
        "primary_key": key,
        "user_id": author,
        "parent_id": parent,
        "status": "active",
        "likes": likes,
        "dislikes": likes[:1] if len(likes) > 3 else [],
        "created_at": at,
        "updated_at": at,
    }


def feed_entry(number: int, kind: str, key: int, status: str, at: datetime) -> Row:
    return {
        "id": number,
        **{f"{name}_id": key if name == kind else None for name in FEATURED},
        "published": status == "success",
        "status": status,
        "created_at": at,
    }


def notification(number: int, user: int, *, read: bool, at: datetime) -> Row:
    return {"id": number, "user_id": user, "title": CANARY, "message": CANARY, "is_read": read, "created_at": at}


def action(random: Random, number: int, user: int | None, at: datetime) -> Row:
    return {
        "id": number,
        "user_id": user,
        "action": random.choice(ACTIONS),
        "message": CANARY,
        "ip": f"10.0.{int(256 * random.random())}.{int(256 * random.random())}",
        "created_at": at,
    }


def _joined(base: Base, table: str, content: str, build: Callable[[int, int, int, datetime], Row]) -> Iterator[Row]:
    random = base.random(table)
    for n, at in enumerate(base.instants(table), start=1):
        yield build(n, base.one(random, content), base.one(random, "account_user"), at)


def _discussions(base: Base, table: str) -> Iterator[Row]:
    random = base.random(table)
    for n, at in enumerate(base.instants(table), start=1):
        yield {
            "id": n,
            "title": document(CONTENT_TITLES["core_blog"](n)),
            "content": document({"ru": CANARY}),
            "author_id": base.one(random, "account_user"),
            "created_at": at,
        }


def _comments(base: Base) -> Iterator[Row]:
    random, about = base.random("core_comment"), list[tuple[str, int]]()
    for n, at in enumerate(base.instants("core_comment"), start=1):
        parent = 1 + int((n - 1) * random.random()) if n > 1 and random.random() < 0.35 else None
        if parent is None:
            source = random.choice(COMMENTED)
            about.append((source, base.one(random, f"core_{source}")))
        else:
            about.append(about[parent - 1])
        likes = people(random, int(random.expovariate(0.7)))
        yield comment(n, about[-1], parent, base.one(random, "account_user"), likes, at)


def _feed(base: Base) -> Iterator[Row]:
    """Every piece of content, then discussions and technical tasks."""
    moderated = (
        (kind, key, steps[-1].status, steps[0].at)
        for kind in MODERATED
        for key, steps in enumerate(paths(base, f"core_{kind}"), start=1)
    )
    others = (
        (kind, key, "success", at)
        for kind in ("discussion", "techtask")
        for key, at in enumerate(base.instants(f"core_{kind}"), start=1)
    )
    entries = sorted([*moderated, *others], key=lambda entry: entry[3])
    for n, entry in enumerate(entries[: base.rows("core_feed")], start=1):
        yield feed_entry(n, *entry)


def _notifications(base: Base) -> Iterator[Row]:
    random = base.random("core_notification")
    for n, at in enumerate(base.instants("core_notification"), start=1):
        yield notification(n, base.one(random, "account_user"), read=random.random() < 0.7, at=at)


def _actions(base: Base) -> Iterator[Row]:
    random = base.random("core_actionlog")
    for n, at in enumerate(base.instants("core_actionlog"), start=1):
        yield action(random, n, base.maybe(random, "account_user", 0.95), at)
