"""What the application writes beside its work: sessions, caches, tokens, profiles. All of it is noise."""

from deploy.local.source.domains import noise
from deploy.local.source.simulate.statement import Statement, Transaction, insert, upsert
from deploy.local.source.simulate.world import World


def write_session(world: World) -> Transaction:
    user = world.users.pick(world.random)
    row = noise.user_session(world.random, user, world.clock())
    django = noise.django_session(world.random, world.clock())
    return Transaction(
        "write_session",
        (upsert("user_sessions_session", row, "session_key"), upsert("django_session", django, "session_key")),
    )


def write_cache(world: World) -> Transaction:
    row = noise.cache_entry(world.random, int(world.random.random() * 500), world.clock())
    thumbnail = noise.thumbnail(world.random, int(world.random.random() * 500))
    return Transaction(
        "write_cache", (upsert("hub_cache_table", row, "cache_key"), upsert("thumbnail_kvstore", thumbnail, "key"))
    )


def write_profile(world: World) -> Transaction:
    profile = insert("silk_request", noise.profile(world.random, world.clock()))
    return Transaction("write_profile", (profile, _numbered(world, "silk_sqlquery")))


def issue_token(world: World) -> Transaction:
    tables = ("oauth2_provider_accesstoken", "oauth2_provider_refreshtoken", "social_auth_usersocialauth")
    return Transaction("issue_token", tuple(_numbered(world, table) for table in tables))


def administer(world: World) -> Transaction:
    return Transaction("administer", (_numbered(world, "django_admin_log"),))


def _numbered(world: World, table: str) -> Statement:
    user = world.users.pick(world.random)
    return insert(table, noise.NUMBERED[table](world.random, world.ids.next(table), user, world.clock()))
