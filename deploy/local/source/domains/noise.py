"""Sessions, caches, tokens and profiles, a few of each: they are there to be ignored."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final

from deploy.local.source.base import CANARY, Base, Row, Table, document


def tables(base: Base) -> Iterator[Table]:
    random = base.random("noise")
    count = base.volumes.users // 10
    users = [base.one(random, "account_user") for _ in range(count)]
    yield Table("user_sessions_session", (user_session(random, user, base.now) for user in users))
    yield Table("django_session", (django_session(random, base.now) for _ in range(count)))
    yield Table("hub_cache_table", (cache_entry(random, n, base.now) for n in range(count)))
    yield Table("authtoken_token", (token(random, user, base.now) for user in sorted(set(users))))
    for name, build in NUMBERED.items():
        yield Table(name, _numbered(base, name, build, users[: 1 + count // 10]))
    yield from _switches(base)


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


def thumbnail(random: Random, number: int) -> Row:
    return {"key": f"thumbnail.{number}", "value": f"{CANARY}{random.getrandbits(200):050x}"}


def token(random: Random, user: int, at: datetime) -> Row:
    return {"key": f"{random.getrandbits(160):040x}", "created": at, "user_id": user}


def profile(random: Random, at: datetime) -> Row:
    return {
        "id": f"{random.getrandbits(128):032x}",
        "path": f"/api/{CANARY}/",
        "body": CANARY,
        "encoded_headers": document({"cookie": CANARY}),
        "method": "GET",
        "start_time": at,
        "time_taken": 300 * random.random(),
    }


def profiled_query(random: Random, number: int, user: int, at: datetime) -> Row:
    return {"id": number, "query": f"SELECT '{CANARY}'", "start_time": at, "time_taken": 5 * random.random()}


def admin_log(random: Random, number: int, user: int, at: datetime) -> Row:
    return {
        "id": number,
        "action_time": at,
        "object_id": str(number),
        "object_repr": CANARY,
        "action_flag": 1 + number % 3,
        "change_message": CANARY,
        "user_id": user,
    }


def access_token(random: Random, number: int, user: int, at: datetime) -> Row:
    secret = f"{CANARY}{random.getrandbits(160):040x}"
    return {
        "id": number,
        "token": secret,
        "expires": at + timedelta(hours=10),
        "scope": "read write",
        "user_id": user,
        "created": at,
        "updated": at,
    }


def refresh_token(random: Random, number: int, user: int, at: datetime) -> Row:
    secret = f"{CANARY}{random.getrandbits(160):040x}"
    return {"id": number, "token": secret, "user_id": user, "created": at, "updated": at}


def social_account(random: Random, number: int, user: int, at: datetime) -> Row:
    return {
        "id": number,
        "provider": "google",
        "uid": f"{CANARY}{number}",
        "extra_data": document({"email": CANARY}),
        "user_id": user,
        "created": at,
        "modified": at,
    }


NUMBERED: Final[Mapping[str, Callable[[Random, int, int, datetime], Row]]] = {
    "silk_sqlquery": profiled_query,
    "django_admin_log": admin_log,
    "oauth2_provider_accesstoken": access_token,
    "oauth2_provider_refreshtoken": refresh_token,
    "social_auth_usersocialauth": social_account,
}
"""Rows of one user each, by table: (random, id, user, at)."""


def _numbered(
    base: Base, table: str, build: Callable[[Random, int, int, datetime], Row], users: list[int]
) -> Iterator[Row]:
    random = base.random(table)
    for n, user in enumerate(users, start=1):
        yield build(random, n, user, base.now)


def _switches(base: Base) -> Iterator[Table]:
    random, days = base.random("noise:switches"), base.volumes.scaled(365, 1)
    stamps: Row = {"created": base.now, "modified": base.now}
    yield Table("silk_request", (profile(random, base.now) for _ in range(days)))
    yield Table("thumbnail_kvstore", (thumbnail(random, n) for n in range(days)))
    flags: list[Row] = [{"id": n, "name": f"flag-{n}", "note": CANARY, **stamps} for n in (1, 2, 3)]
    yield Table("waffle_flag", flags)
    yield Table("waffle_switch", ({"id": n, "name": f"switch-{n}", "active": True, "note": CANARY} for n in (1, 2)))
    yield Table("awsdjangoses_sesstat", (_mail(n, base.now) for n in range(1, days + 1)))
    large: list[Row] = [{"id": n, "key": f"large-{n}", "value": CANARY, "created_at": base.now} for n in (1, 2)]
    yield Table("shared_largecache", large)


def _mail(number: int, now: datetime) -> Row:
    day = (now - timedelta(days=number)).date()
    return {"id": number, "date": day, "delivery_attempts": number, "bounces": 0, "complaints": 0, "rejects": 0}
