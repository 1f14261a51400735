"""Organizations, countries, cities and categories: what users, companies and content point to."""

from collections.abc import Iterator
from datetime import timedelta

from deploy.local.source.base import YEARS, Base, Row, Table, document
from deploy.local.source.phrases import CITIES, COUNTRIES, SUBJECTS, title


def tables(base: Base) -> Iterator[Table]:
    yield Table("core_organization", _organizations(base))
    yield Table("core_country", (_named(n, COUNTRIES[n]) for n in range(base.rows("core_country"))))
    yield Table("core_city", (_named(n, CITIES[n]) | {"country_id": 1} for n in range(base.rows("core_city"))))
    yield Table("core_category", (category(n) for n in range(base.rows("core_category"))))


def category(number: int) -> Row:
    return _named(number, SUBJECTS[number % len(SUBJECTS)]) | {"slug": f"category-{number + 1}"}


def _named(number: int, name: tuple[str, str, str]) -> Row:
    return {"id": number + 1, "name": document(title(*name))}


def _organizations(base: Base) -> Iterator[Row]:
    for n in range(1, base.rows("core_organization") + 1):
        yield {
            "id": n,
            "name": document(title(f"Организация {n}", f"Ұйым {n}", f"Organization {n}")),
            "slug": f"organization-{n}",
            "created_at": base.now - 2 * YEARS + timedelta(days=n),
        }
