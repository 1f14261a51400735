"""Files, pages of the site and text messages. Each function builds one transaction; None: nothing to do it with."""

from deploy.local.source.base import Row, document
from deploy.local.source.domains import landing, shared
from deploy.local.source.domains.core_content import content_title
from deploy.local.source.paths import follow
from deploy.local.source.simulate.audience import gone
from deploy.local.source.simulate.statement import Effect, Transaction, insert, update
from deploy.local.source.simulate.world import World

SHARES = {"shared_protectedmediafile": 93, "shared_mediafile": 51}


def upload_files(world: World) -> Transaction:
    """Up to four at once."""
    random, table, now = world.random, follow(world.random, SHARES), world.clock()
    user = world.users.pick(random)
    numbers = [world.ids.next(table) for _ in range(1 + int(4 * random.random()))]
    statements = tuple(insert(table, shared.media_file(random, table, number, user, now)) for number in numbers)
    return Transaction("upload_files", statements, tuple(Effect(world.rows[table], number, True) for number in numbers))


def delete_file(world: World) -> Transaction | None:
    return gone(world, "delete_file", follow(world.random, SHARES))


def add_page(world: World) -> Transaction:
    """With a section and three components."""
    random, now, number = world.random, world.clock(), world.ids.next("landing_page")
    section = world.ids.next("landing_section")
    page = landing.page(number, world.users.pick(random), world.any("core_organization"), now)
    components = [landing.component(world.ids.next("landing_component"), section, now) for _ in range(3)]
    statements = (
        insert("landing_page", page),
        insert("landing_section", landing.section(section, number, now)),
        *(insert("landing_component", component) for component in components),
    )
    return Transaction("add_page", statements, (Effect(world.rows["landing_page"], number, True),))


def edit_page(world: World) -> Transaction | None:
    number = world.any("landing_page")
    if number is None:
        return None
    title = content_title("core_article", int(300 * world.random.random()))
    row: Row = {"title": document(title), "published": world.random.random() < 0.9, "updated_at": world.clock()}
    return Transaction("edit_page", (update("landing_page", number, row),))


def add_page_files(world: World) -> Transaction | None:
    page, random, table = world.any("landing_page"), world.random, "landing_pagemediafile"
    if page is None:
        return None
    user, now = world.users.pick(random), world.clock()
    numbers = [world.ids.next(table) for _ in range(1 + int(4 * random.random()))]
    statements = tuple(insert(table, landing.page_file(number, page, user, now)) for number in numbers)
    return Transaction("add_page_files", statements)


def send_sms(world: World) -> Transaction:
    row = shared.text_message(world.random, world.ids.next("shared_smslog"), world.clock())
    return Transaction("send_sms", (insert("shared_smslog", row),))
