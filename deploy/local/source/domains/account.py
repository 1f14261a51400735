"""Users, companies and who belongs to which. The first users are staff: they review requests."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from deploy.local.source.base import CANARY, YEARS, Base, Row, Table, document, instants
from deploy.local.source.phrases import FIRST_NAMES, LAST_NAMES

STAFF_ROLES = ("expert", "manager", "moderator", "admin")
COMPANY_TYPES = ("law", "law", "law", "ip", "ip", "unknown")
USER_TAGS = ("tag_investor", "tag_it_specialist", "tag_intern", "tag_startup_member", "tag_student", "tag_scientist")
COMPANY_TAGS = (
    "tag_it_company", "tag_startup", "tag_techpark", "tag_corp_partner", "tag_nii", "tag_nedrouser", "tag_ts_member",
)  # fmt: skip


def tables(base: Base) -> Iterator[Table]:
    yield Table("account_user", _users(base))
    yield Table("account_company", _companies(base))
    yield Table("account_usercompany", _memberships(base))
    yield Table("account_activation", _activations(base))
    yield Table("account_usercompanyrequest", _company_requests(base))
    yield Table("account_usercompanyinvitation", _invitations(base))
    yield Table("account_complaint", _complaints(base))


def user(random: Random, number: int, role: str, company: int | None, organization: int | None, at: datetime) -> Row:
    return {
        "id": number,
        "password": f"pbkdf2_sha256${CANARY}${random.getrandbits(128):032x}",
        "last_login": at + timedelta(hours=1),
        "is_superuser": False,
        "email": f"user{number}.{CANARY}@example.kz",
        "phone": f"+77{random.randrange(10**9):09d}",
        "first_name": f"{random.choice(FIRST_NAMES)} {CANARY}",
        "last_name": f"{random.choice(LAST_NAMES)} {CANARY}",
        "iin": f"{random.randrange(10**12):012d}",
        "role": role,
        "is_active": random.random() < 0.97,
        "blocked": random.random() < 0.01,
        "email_verified": random.random() < 0.9,
        "phone_verified": random.random() < 0.6,
        "company_id": company,
        "organization_id": organization,
        "data": document({"about": CANARY, "address": f"{CANARY} 17"}),
        "tags": document([tag for tag in USER_TAGS if random.random() < 0.15]),
        "permissions": document([]),
        "created_at": at,
        "updated_at": at + timedelta(hours=1),
    }


def company(random: Random, number: int, author: int | None, at: datetime, status: str = "active") -> Row:
    flags: Row = {name: tag(random) for name in COMPANY_TAGS}
    return {
        "id": number,
        "tin": f"{random.randrange(10**12):012d}",
        "name": f"ТОО {CANARY} {number}",
        "short_name": f"{CANARY} {number}",
        "company_type": random.choice(COMPANY_TYPES),
        "status": status,
        "verified": random.random() < 0.7,
        "address": f"{CANARY} 55",
        "email": f"office{number}.{CANARY}@example.kz",
        "phone": f"+77{random.randrange(10**9):09d}",
        "website": f"https://{CANARY}{number}.example.kz",
        "author_id": author,
        "bank": f"{CANARY} bank",
        "iik": f"KZ{random.randrange(10**18):018d}",
        "bik": "EXAMKZKA",
        "kbe": "17",
        "description": CANARY,
        **flags,
        "basic_info": document({"director": CANARY}),
        "created_at": at,
        "updated_at": at,
    }


def tag(random: Random) -> str:
    return document({"active": random.random() < 0.2})


def membership(random: Random, number: int, user: int, company: int) -> Row:
    return {
        "id": number,
        "user_id": user,
        "company_id": company,
        "role": random.choice(("owner", "member", "member", "advisor")),
        "verified": random.random() < 0.8,
    }


def _users(base: Base) -> Iterator[Row]:
    random, volumes = base.random("account_user"), base.volumes
    created = instants(random, volumes.users, base.now - 2 * YEARS, base.now)
    for n, at in enumerate(created, start=1):
        role = STAFF_ROLES[n % len(STAFF_ROLES)] if n <= volumes.staff else "user"
        member = random.randint(1, volumes.companies) if random.random() < 0.12 else None
        organization = random.randint(1, base.rows("core_organization")) if role != "user" else None
        yield user(random, n, role, member, organization, at)


def _companies(base: Base) -> Iterator[Row]:
    random, volumes = base.random("account_company"), base.volumes
    for n, at in enumerate(instants(random, volumes.companies, base.now - 2 * YEARS, base.now), start=1):
        yield company(
            random, n, random.randint(1, volumes.users), at, "blocked" if random.random() < 0.02 else "active"
        )


def _memberships(base: Base) -> Iterator[Row]:
    random = base.random("account_usercompany")
    for n in range(1, base.rows("account_usercompany") + 1):
        yield membership(random, n, base.one(random, "account_user"), base.one(random, "account_company"))


def activation(random: Random, user: int, at: datetime) -> Row:
    key = UUID(int=random.getrandbits(128), version=4)
    return {"uuid": str(key), "user_id": user, "email": f"user{user}.{CANARY}@example.kz", "created_at": at}


def company_request(number: int, user: int, company: int, status: str, at: datetime) -> Row:
    return {
        "id": number,
        "user_id": user,
        "company_id": company,
        "status": status,
        "message": CANARY,
        "created_at": at,
    }


def invitation(number: int, company: int, author: int, invited: int | None, at: datetime) -> Row:
    return {
        "id": number,
        "company_id": company,
        "author_id": author,
        "invited_user_id": invited,
        "email": f"{CANARY}@example.kz",
        "status": "sent",
        "created_at": at,
    }


def _activations(base: Base) -> Iterator[Row]:
    random = base.random("account_activation")
    for at in base.instants("account_activation"):
        yield activation(random, base.one(random, "account_user"), at)


def _company_requests(base: Base) -> Iterator[Row]:
    random = base.random("account_usercompanyrequest")
    for n, at in enumerate(base.instants("account_usercompanyrequest"), start=1):
        status = random.choice(("accepted", "accepted", "declined", "sent"))
        yield company_request(n, base.one(random, "account_user"), base.one(random, "account_company"), status, at)


def _invitations(base: Base) -> Iterator[Row]:
    random = base.random("account_usercompanyinvitation")
    for n, at in enumerate(base.instants("account_usercompanyinvitation"), start=1):
        author, invited = base.one(random, "account_user"), base.one(random, "account_user")
        yield invitation(n, base.one(random, "account_company"), author, invited, at)


def _complaints(base: Base) -> Iterator[Row]:
    random = base.random("account_complaint")
    for n, at in enumerate(base.instants("account_complaint"), start=1):
        author = base.one(random, "account_user")
        yield {"id": n, "author_id": author, "message": CANARY, "status": "sent", "created_at": at}
