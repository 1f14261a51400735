"""What authors and moderators do with events, vacancies, blogs and articles. None: nothing to do it with."""

from deploy.local.source.base import CANARY, Row, document
from deploy.local.source.domains.core_audience import feed_entry
from deploy.local.source.domains.core_content import FIRST, NEXT, PLACES, Item, content, content_title, people
from deploy.local.source.paths import follow
from deploy.local.source.simulate.statement import (
    Effect,
    Statement,
    Transaction,
    delete,
    delete_where,
    insert,
    update,
    update_where,
)
from deploy.local.source.simulate.tracked import Content
from deploy.local.source.simulate.world import World

SHARES = {"core_event": 15, "core_vacancy": 12, "core_blog": 18, "core_article": 3}
AUDIENCE = {
    "core_event": (("core_eventparticipant", "event_id"),),
    "core_vacancy": (("core_vacancycandidate", "vacancy_id"),),
}
"""Rows that go with the content when it is deleted. Comments stay: nothing in the database ties them to it."""


def create_content(world: World) -> Transaction:
    """With its entry in the feed."""
    random, now = world.random, world.clock()
    table, status = follow(random, SHARES), follow(random, FIRST)
    number, author = world.ids.next(table), world.users.pick(random)
    place = world.any(PLACES[table]) if random.random() < 0.8 else None
    row = content(table, random, Item(number, status, author, world.company(0.6), place, now, now))
    entry = feed_entry(world.ids.next("core_feed"), kind_of(table), number, status, now)
    known = Content(status, published=False, views=0)
    effect = Effect(world.rows[table], number, known)
    return Transaction("create_content", (insert(table, row), insert("core_feed", entry)), (effect,))


def moderate_content(world: World) -> Transaction | None:
    """One status further, by author or moderator."""
    found = world.content(*NEXT)
    if found is None:
        return None
    return _walk(world, "moderate_content", *found, [follow(world.random, NEXT[_status(world, *found)])])


def rush_content(world: World) -> Transaction | None:
    """Several statuses of one item in one transaction."""
    found = world.content(*NEXT)
    if found is None:
        return None
    path = [_status(world, *found)]
    while path[-1] in NEXT and len(path) < 4:
        path.append(follow(world.random, NEXT[path[-1]]))
    return _walk(world, "rush_content", *found, path[1:])


def take_down_content(world: World) -> Transaction | None:
    found = world.content("success", "reject")
    return None if found is None else _walk(world, "take_down_content", *found, ["deleted"])


def publish_content(world: World) -> Transaction | None:
    """Shown or hidden, whichever it is not; the status stays."""
    found = world.content("success")
    if found is None:
        return None
    table, number = found
    known: Content = world.rows[table][number]
    after = known._replace(published=not known.published)
    return _changed(world, "publish_content", table, number, {"published": after.published}, after)


def view_content(world: World) -> Transaction | None:
    found = world.content("success")
    if found is None:
        return None
    table, number = found
    known: Content = world.rows[table][number]
    after = known._replace(views=known.views + 1 + int(20 * world.random.random()))
    return _changed(world, "view_content", table, number, {"view_count": after.views}, after)


def like_post(world: World) -> Transaction | None:
    found = world.content("success", tables=("core_blog", "core_article"))
    if found is None:
        return None
    table, number = found
    row: Row = {"likes": people(world.random, int(12 * world.random.random()))}
    return _changed(world, "like_post", table, number, row, world.rows[table][number])


def edit_content(world: World) -> Transaction | None:
    """Another title; a vacancy other salaries, seldom the greater one first."""
    found = world.content()
    if found is None:
        return None
    (table, number), random = found, world.random
    title = content_title(table, int(400 * random.random()))
    row: Row = {"title": document(title), "updated_at": world.clock()}
    if table == "core_vacancy":
        least = 150_000 + 50_000 * int(18 * random.random())
        row |= {"salary_min": least, "salary_max": least + (-50_000 if random.random() < 0.02 else 200_000)}
    else:
        row["content"] = document({"ru": f"{CANARY} {number}"})
    return _changed(world, "edit_content", table, number, row, world.rows[table][number])


def delete_content(world: World) -> Transaction | None:
    """The row itself, with what points to it."""
    found = world.content()
    if found is None:
        return None
    table, number = found
    audience = AUDIENCE.get(table, ())
    statements = (
        *(delete_where(name, column, number) for name, column in audience),
        delete_where("core_feed", f"{kind_of(table)}_id", number),
        delete(table, number, expected={"status": _status(world, table, number)}),
    )
    joined = (Effect(world.rows[name], key) for name, _ in audience for key in world.rows[name].having(number))
    return Transaction("delete_content", statements, (Effect(world.rows[table], number), *joined))


def kind_of(table: str) -> str:
    return table.removeprefix("core_")


def _status(world: World, table: str, number: int) -> str:
    known: Content = world.rows[table][number]
    return known.status


def _changed(world: World, name: str, table: str, number: int, row: Row, after: Content) -> Transaction:
    change = update(table, number, row, expected={"status": after.status})
    return Transaction(name, (change,), (Effect(world.rows[table], number, after),))


def _walk(world: World, name: str, table: str, number: int, path: list[str]) -> Transaction:
    known: Content = world.rows[table][number]
    statements: list[Statement] = []
    for status in path:
        row: Row = {"status": status, "published": status == "success", "updated_at": world.clock()}
        statements.append(update(table, number, row, expected={"status": known.status}))
        known = known._replace(status=status, published=status == "success")
    entry: Row = {"status": known.status, "published": known.published}
    statements.append(update_where("core_feed", f"{kind_of(table)}_id", number, entry))
    kept = None if known.status == "deleted" else known
    return Transaction(name, tuple(statements), (Effect(world.rows[table], number, kept),))
