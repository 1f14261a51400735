"""Services, companies, users and rooms. Each function builds one transaction."""

from deploy.local.source.base import document
from deploy.local.source.domains import account, booking, service, service_forms
from deploy.local.source.domains.account import STAFF_ROLES
from deploy.local.source.phrases import service_title
from deploy.local.source.simulate.statement import Effect, Transaction, insert, update, upsert
from deploy.local.source.simulate.world import World


def rename_service(world: World) -> Transaction:
    code = world.services.pick(world.random)
    edition = int(world.random.random() * 1000)
    name = {language: f"{text} ({edition})" for language, text in service_title(edition).items()}
    content = world.services[code] | {"name": name}
    change = update("service_service", code, {"data": document(content), "updated_at": world.clock()}, by="code")
    return Transaction("rename_service", (change,), (Effect(world.services, code, content),))


def switch_service(world: World) -> Transaction:
    """On or off: its document, which may be stored out of line, is left alone."""
    active = world.random.random() < 0.7
    code = world.services.pick(world.random)
    change = update("service_service", code, {"is_active": active, "updated_at": world.clock()}, by="code")
    return Transaction("switch_service", (change,), (Effect(world.services, code, world.services[code]),))


def block_company(world: World) -> Transaction:
    """Blocked or unblocked, whichever it is not."""
    number = world.companies.pick(world.random)
    before = world.companies[number]
    status = "active" if before == "blocked" else "blocked"
    row = {"status": status, "updated_at": world.clock()}
    change = update("account_company", number, row, expected={"status": before})
    return Transaction("block_company", (change,), (Effect(world.companies, number, status),))


def register_user(world: World) -> Transaction:
    return _user(world, "user")


def missing(world: World) -> Transaction | None:
    """What an empty database needs before anything else can refer to it."""
    now, random = world.clock(), world.random
    if len(world.users) < 10:
        return _user(world, "user")
    if len(world.staff) < 4:
        return _user(world, STAFF_ROLES[len(world.staff) % len(STAFF_ROLES)])
    if len(world.companies) < 3:
        number = world.ids.next("account_company")
        row = account.company(random, number, world.users.pick(random), now)
        return Transaction(
            "add_company", (insert("account_company", row),), (Effect(world.companies, number, "active"),)
        )
    if len(world.rows["service_hubform"]) < 4:
        number = world.ids.next("service_hubform")
        form = service_forms.hub_form(number, None, now)
        effect = Effect(world.rows["service_hubform"], number, True)
        return Transaction("add_hub_form", (insert("service_hubform", form),), (effect,))
    if len(world.services) < 8:
        mine, of = world.share
        row = service.service(random, mine + of * len(world.services), None, world.any("service_hubform"), now)
        code = str(row["code"])
        content = {"name": service_title(len(world.services))}
        return Transaction(
            "add_service", (upsert("service_service", row, "code"),), (Effect(world.services, code, content),)
        )
    if len(world.rooms) < 4:
        number = world.ids.next("booking_room")
        row = booking.room(number - 1)
        return Transaction("add_room", (insert("booking_room", row),), (Effect(world.rooms, number, True),))
    return None


def _user(world: World, role: str) -> Transaction:
    number = world.ids.next("account_user")
    row = account.user(world.random, number, role, None, None, world.clock())
    effects = [Effect(world.users, number, role)]
    if role in STAFF_ROLES:
        effects.append(Effect(world.staff, number, role))
    return Transaction("register_user", (insert("account_user", row),), tuple(effects))
