"""Organizations and cities."""

from collections.abc import Iterator
from datetime import timedelta

from deploy.local.source.base import YEARS, Base, Row, Table, document
from deploy.local.source.phrases import CITIES, title


def tables(base: Base) -> Iterator[Table]:
    yield Table("core_organization", _organizations(base))
    yield Table("core_city", ({"id": n + 1, "name": document(title(*CITIES[n]))} for n in range(base.volumes.cities)))


def _organizations(base: Base) -> Iterator[Row]:
    for n in range(1, base.volumes.organizations + 1):
        yield {
            "id": n,
            "name": document(title(f"Организация {n}", f"Ұйым {n}", f"Organization {n}")),
            "slug": f"organization-{n}",
            "created_at": base.now - 2 * YEARS + timedelta(days=n),
        }
