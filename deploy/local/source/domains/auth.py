"""Groups of staff and who is in which."""

from collections.abc import Iterator

from deploy.local.source.base import Base, Row, Table

GROUPS = ("admin", "moderator", "expert", "manager", "techorda_manager", "niokr_admin", "editor", "support", "auditor")


def tables(base: Base) -> Iterator[Table]:
    yield Table("auth_group", ({"id": n, "name": name} for n, name in enumerate(GROUPS, start=1)))
    yield Table("account_user_groups", _links(base))


def _links(base: Base) -> Iterator[Row]:
    random = base.random("account_user_groups")
    for n in range(1, base.rows("account_user_groups") + 1):
        yield {"id": n, "user_id": 1 + n % base.volumes.staff, "group_id": base.one(random, "auth_group")}
