"""Sessions and cache entries, a few of each: they are there to be ignored."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from deploy.local.source.base import CANARY, Base, Row, Table


def tables(base: Base) -> Iterator[Table]:
    random = base.random("noise")
    count = base.volumes.users // 10
    users = [random.randint(1, base.volumes.users) for _ in range(count)]
    yield Table("user_sessions_session", (user_session(random, user, base.now) for user in users))
    yield Table("django_session", (django_session(random, base.now) for _ in range(count)))
    yield Table("hub_cache_table", (cache_entry(random, n, base.now) for n in range(count)))
    yield Table(
        "authtoken_token",
        (
            {"key": f"{random.getrandbits(160):040x}", "created": base.now, "user_id": user}
            for user in sorted(set(users))
        ),
    )


def user_session(random: Random, user: int | None, at: datetime) -> Row:
    return {
        "session_key": f"{random.getrandbits(160):040x}",
        "session_data": f"{CANARY}{random.getrandbits(400):0100x}",
        "expire_date": at + timedelta(days=14),
        "user_id": user,
        "user_agent": f"Mozilla/5.0 {CANARY}",
        "ip": f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}",
        "created_at": at,
        "last_activity": at,
    }


def django_session(random: Random, at: datetime) -> Row:
    return {
        "session_key": f"{random.getrandbits(160):040x}",
        "session_data": f"{CANARY}{random.getrandbits(400):0100x}",
        "expire_date": at + timedelta(days=14),
    }


def cache_entry(random: Random, number: int, at: datetime) -> Row:
    return {
        "cache_key": f"views.page.{number}",
        "value": f"{CANARY}{random.getrandbits(400):0100x}",
        "expires": at + timedelta(minutes=5),
    }
