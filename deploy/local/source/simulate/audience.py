"""What people do around content: take part, apply, comment, react, are notified. None: nothing to do it with."""

from deploy.local.source.base import Row
from deploy.local.source.domains.core_audience import action, candidate, comment, notification, participant
from deploy.local.source.domains.core_content import people
from deploy.local.source.simulate.content import kind_of
from deploy.local.source.simulate.statement import Effect, Transaction, delete, insert, update
from deploy.local.source.simulate.tracked import Comment
from deploy.local.source.simulate.world import World

REPLIES = 0.35


def join_event(world: World) -> Transaction | None:
    found = world.content("success", tables=("core_event",))
    if found is None:
        return None
    table, number = "core_eventparticipant", world.ids.next("core_eventparticipant")
    row = participant(number, found[1], world.users.pick(world.random), world.clock())
    return Transaction("join_event", (insert(table, row),), (Effect(world.rows[table], number, found[1]),))


def leave_event(world: World) -> Transaction | None:
    return gone(world, "leave_event", "core_eventparticipant")


def apply_for_vacancy(world: World) -> Transaction | None:
    found = world.content("success", tables=("core_vacancy",))
    if found is None:
        return None
    table, number = "core_vacancycandidate", world.ids.next("core_vacancycandidate")
    row = candidate(number, found[1], world.users.pick(world.random), world.clock())
    return Transaction("apply_for_vacancy", (insert(table, row),), (Effect(world.rows[table], number, found[1]),))


def withdraw_candidate(world: World) -> Transaction | None:
    return gone(world, "withdraw_candidate", "core_vacancycandidate")


def write_comment(world: World) -> Transaction | None:
    """On content that is published, or as a reply to another comment."""
    table, random = "core_comment", world.random
    parent = world.any(table) if random.random() < REPLIES else None
    found = world.content("success") if parent is None else None
    if parent is None and found is None:
        return None
    about = world.rows[table][parent] if found is None else Comment(kind_of(found[0]), found[1])
    number = world.ids.next(table)
    row = comment(number, about, parent, world.users.pick(random), [], world.clock())
    return Transaction("write_comment", (insert(table, row),), (Effect(world.rows[table], number, about),))


def react_to_comment(world: World) -> Transaction | None:
    number = world.any("core_comment")
    if number is None:
        return None
    row: Row = {"likes": people(world.random, int(6 * world.random.random())), "updated_at": world.clock()}
    known = Effect(world.rows["core_comment"], number, world.rows["core_comment"][number])
    return Transaction("react_to_comment", (update("core_comment", number, row),), (known,))


def hide_comment(world: World) -> Transaction | None:
    """Its replies stay."""
    number = world.any("core_comment")
    if number is None:
        return None
    row: Row = {"status": "deleted", "updated_at": world.clock()}
    change = update("core_comment", number, row, expected={"status": "active"})
    return Transaction("hide_comment", (change,), (Effect(world.rows["core_comment"], number),))


def notify(world: World) -> Transaction:
    table, number = "core_notification", world.ids.next("core_notification")
    row = notification(number, world.users.pick(world.random), read=False, at=world.clock())
    return Transaction("notify", (insert(table, row),), (Effect(world.rows[table], number, True),))


def read_notification(world: World) -> Transaction | None:
    table = "core_notification"
    number = world.any(table)
    if number is None:
        return None
    change = update(table, number, {"is_read": True}, expected={"is_read": False})
    return Transaction("read_notification", (change,), (Effect(world.rows[table], number),))


def log_actions(world: World) -> Transaction:
    """One request of a browser is up to three actions."""
    table, random = "core_actionlog", world.random
    user, now = world.users.pick(random), world.clock()
    rows = [action(random, world.ids.next(table), user, now) for _ in range(1 + int(3 * random.random()))]
    return Transaction("log_actions", tuple(insert(table, row) for row in rows))


def gone(world: World, name: str, table: str) -> Transaction | None:
    """Deletes one of the table's rows."""
    number = world.any(table)
    if number is None:
        return None
    return Transaction(name, (delete(table, number),), (Effect(world.rows[table], number),))
