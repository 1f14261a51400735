"""Who belongs to which company or group, activations, and what companies are. None: nothing to do it with."""

from deploy.local.source.base import CANARY, Row
from deploy.local.source.domains import account
from deploy.local.source.simulate.audience import gone
from deploy.local.source.simulate.statement import Effect, Transaction, delete, insert, update
from deploy.local.source.simulate.world import World

MEMBERS = "account_usercompany"
REQUESTS = "account_usercompanyrequest"
ACTIVATIONS = "account_activation"
GROUPS = "account_user_groups"


def join_company(world: World) -> Transaction:
    random, number = world.random, world.ids.next(MEMBERS)
    row = account.membership(random, number, world.users.pick(random), world.companies.pick(random))
    return Transaction(
        "join_company", (insert(MEMBERS, row),), (Effect(world.rows[MEMBERS], number, bool(row["verified"])),)
    )


def verify_member(world: World) -> Transaction | None:
    """Verified or not any more."""
    number = world.any(MEMBERS)
    if number is None:
        return None
    verified: bool = not world.rows[MEMBERS][number]
    change = update(MEMBERS, number, {"verified": verified})
    return Transaction("verify_member", (change,), (Effect(world.rows[MEMBERS], number, verified),))


def leave_company(world: World) -> Transaction | None:
    return gone(world, "leave_company", MEMBERS)


def ask_to_join(world: World) -> Transaction:
    random, number = world.random, world.ids.next(REQUESTS)
    who, company = world.users.pick(random), world.companies.pick(random)
    row = account.company_request(number, who, company, "sent", world.clock())
    return Transaction("ask_to_join", (insert(REQUESTS, row),), (Effect(world.rows[REQUESTS], number, True),))


def answer_member(world: World) -> Transaction | None:
    number = world.any(REQUESTS)
    if number is None:
        return None
    row: Row = {"status": "accepted" if world.random.random() < 0.7 else "declined"}
    change = update(REQUESTS, number, row, expected={"status": "sent"})
    return Transaction("answer_member", (change,), (Effect(world.rows[REQUESTS], number),))


def invite_member(world: World) -> Transaction:
    random, table = world.random, "account_usercompanyinvitation"
    company, author, invited = world.companies.pick(random), world.users.pick(random), world.users.pick(random)
    row = account.invitation(world.ids.next(table), company, author, invited, world.clock())
    return Transaction("invite_member", (insert(table, row),))


def send_activation(world: World) -> Transaction:
    user = world.users.pick(world.random)
    row = account.activation(world.random, user, world.clock())
    effect = Effect(world.rows[ACTIVATIONS], str(row["uuid"]), user)
    return Transaction("send_activation", (insert(ACTIVATIONS, row, "uuid"),), (effect,))


def activate_user(world: World) -> Transaction | None:
    """An activation is used once."""
    key = world.any(ACTIVATIONS)
    if key is None:
        return None
    user: int = world.rows[ACTIVATIONS][key]
    row: Row = {"is_active": True, "email_verified": True, "updated_at": world.clock()}
    statements = (update("account_user", user, row), delete(ACTIVATIONS, key, by="uuid"))
    return Transaction("activate_user", statements, (Effect(world.rows[ACTIVATIONS], key),))


def join_group(world: World) -> Transaction | None:
    group = world.any("auth_group")
    if group is None:
        return None
    number = world.ids.next(GROUPS)
    row: Row = {"id": number, "user_id": world.staff.pick(world.random), "group_id": group}
    return Transaction("join_group", (insert(GROUPS, row),), (Effect(world.rows[GROUPS], number, True),))


def leave_group(world: World) -> Transaction | None:
    return gone(world, "leave_group", GROUPS)


def tag_company(world: World) -> Transaction:
    name = world.random.choice(account.COMPANY_TAGS)
    return _company(world, "tag_company", {name: account.tag(world.random)})


def verify_company(world: World) -> Transaction:
    return _company(world, "verify_company", {"verified": world.random.random() < 0.8})


def complain(world: World) -> Transaction:
    table, who = "account_complaint", world.users.pick(world.random)
    number = world.ids.next(table)
    row: Row = {"id": number, "author_id": who, "message": CANARY, "status": "sent", "created_at": world.clock()}
    return Transaction("complain", (insert(table, row),))


def _company(world: World, name: str, row: Row) -> Transaction:
    number = world.companies.pick(world.random)
    change = update("account_company", number, row | {"updated_at": world.clock()})
    return Transaction(name, (change,), (Effect(world.companies, number, world.companies[number]),))
