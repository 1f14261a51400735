"""Pages of the public site, made of sections and components, with their files."""

from collections.abc import Iterator
from datetime import datetime

from deploy.local.source.base import CANARY, Base, Row, Table, document
from deploy.local.source.domains.shared import file_path
from deploy.local.source.phrases import CONTENT_TITLES

COMPONENT_TYPES = ("text", "text", "image", "button", "form", "video", "list")


def tables(base: Base) -> Iterator[Table]:
    yield Table("landing_page", _pages(base))
    yield Table("landing_section", _sections(base))
    yield Table("landing_component", _components(base))
    yield Table("landing_pagemediafile", _files(base))
    yield Table("landing_landing", _landings(base))


def page(number: int, author: int | None, organization: int | None, at: datetime) -> Row:
    return {
        "id": number,
        "title": document(CONTENT_TITLES["core_article"](number)),
        "content": document({"ru": CANARY}),
        "slug": f"page-{number}",
        "published": True,
        "author_id": author,
        "organization_id": organization,
        "created_at": at,
        "updated_at": at,
    }


def section(number: int, page: int, at: datetime) -> Row:
    return {"id": number, "page_id": page, "title": document({"ru": CANARY}), "order": number % 5, "created_at": at}


def component(number: int, section: int, at: datetime) -> Row:
    return {
        "id": number,
        "section_id": section,
        "component_type": COMPONENT_TYPES[number % len(COMPONENT_TYPES)],
        "data": document({"text": CANARY}),
        "created_at": at,
    }


def page_file(number: int, page: int, author: int | None, at: datetime) -> Row:
    return {
        "id": number,
        "page_id": page,
        "author_id": author,
        "file": file_path("pages", number),
        "name": CANARY,
        "created_at": at,
    }


def _pages(base: Base) -> Iterator[Row]:
    random = base.random("landing_page")
    for n, at in enumerate(base.instants("landing_page"), start=1):
        yield page(n, base.maybe(random, "account_user", 0.9), base.maybe(random, "core_organization", 0.7), at)


def _sections(base: Base) -> Iterator[Row]:
    random = base.random("landing_section")
    for n, at in enumerate(base.instants("landing_section"), start=1):
        yield section(n, base.one(random, "landing_page"), at)


def _components(base: Base) -> Iterator[Row]:
    random = base.random("landing_component")
    for n, at in enumerate(base.instants("landing_component"), start=1):
        yield component(n, base.one(random, "landing_section"), at)


def _files(base: Base) -> Iterator[Row]:
    random = base.random("landing_pagemediafile")
    for n, at in enumerate(base.instants("landing_pagemediafile"), start=1):
        yield page_file(n, base.one(random, "landing_page"), base.maybe(random, "account_user", 0.9), at)


def _landings(base: Base) -> Iterator[Row]:
    for n, at in enumerate(base.instants("landing_landing"), start=1):
        yield {"id": n, "data": document({"text": CANARY}), "created_at": at}
