"""References between captured tables, and the SQL that looks for rows that are gone.

Flows out: for `v_dq_orphans` the ids that exist and the ids that rows refer to.
"""

from typing import Final

from sinks.statements import literal, literals, name

USER: Final = "account_user"
COMPANY: Final = "account_company"
REQUEST: Final = "service_servicerequest"

REFERENCES: Final[dict[str, dict[str, str]]] = {
    REQUEST: {
        "service_id": "service_service",
        "author_id": USER,
        "assignee_id": USER,
        "expert_id": USER,
        "company_id": COMPANY,
    },
    "service_expertise": {"service_request_id": REQUEST},
    "service_vote": {"service_request_id": REQUEST},
    "service_report": {"service_request_id": REQUEST},
    "service_seedmoneyreport": {"service_request_id": REQUEST},
    "service_protocol_accepted": {"servicerequest_id": REQUEST},
    "service_protocol_rejected": {"servicerequest_id": REQUEST},
    "service_techordastudent": {"user_id": USER, "course_id": "techorda_course", "school_id": "techorda_school"},
    "service_techordareport": {"course_id": "techorda_course", "school_id": "techorda_school"},
    "booking_booking": {"room_id": "booking_room", "author_id": USER, "company_id": COMPANY},
    "account_usercompany": {"user_id": USER, "company_id": COMPANY},
    "core_event": {"author_id": USER, "company_id": COMPANY, "organization_id": "core_organization"},
    "core_eventparticipant": {"event_id": "core_event", "author_id": USER},
    "core_vacancy": {"author_id": USER, "company_id": COMPANY, "city_id": "core_city"},
    "core_vacancycandidate": {"vacancy_id": "core_vacancy", "author_id": USER},
    "core_blog": {"author_id": USER, "company_id": COMPANY, "category_id": "core_category"},
    "core_article": {"author_id": USER},
    "core_comment": {"user_id": USER, "parent_id": "core_comment"},
    "core_feed": {
        "article_id": "core_article",
        "blog_id": "core_blog",
        "event_id": "core_event",
        "vacancy_id": "core_vacancy",
    },
    "techorda_course": {"flow_id": "techorda_flow", "school_id": "techorda_school"},
    "techorda_courseapplication": {"course_id": "techorda_course", "application_form_id": "techorda_applicationform"},
    "techorda_coursefavorite": {"course_id": "techorda_course", "user_id": USER},
    "landing_section": {"page_id": "landing_page"},
    "landing_component": {"section_id": "landing_section"},
    "landing_pagemediafile": {"page_id": "landing_page"},
}
"""Table -> its column -> the table that it refers to. Statuses' histories are left out: they outlive their entity."""

ABOUT: Final = "replaceRegexpOne(lower(ifNull(source, '')), '^core[._]', '')"
"""What a comment is about, as the kind of content: sources are written `event`, `core_event` or `core.event`."""

COMMENTED: Final = {
    "event": "core_event", "vacancy": "core_vacancy", "blog": "core_blog", "article": "core_article"
}  # fmt: skip
"""Kinds of content that a comment's `primary_key` may refer to; of others nothing is known."""

KEYS: Final = {"service_service": "code"}
"""Tables whose key is not `id`."""

TARGETS: Final = tuple(sorted({target for links in REFERENCES.values() for target in links.values()}))


def existing(table: str) -> str:
    key = name(KEYS.get(table, "id"))
    return f"    SELECT {literal(table)} AS target, toString({key}) AS id FROM {name(table)} FINAL"  # noqa: S608 quoted


def references(table: str, links: dict[str, str]) -> str:
    """One row a reference; NULL where there is none."""
    entries = ", ".join(
        f"({literal(column)}, {literal(target)}, nullIf(toString({name(column)}), ''))"
        for column, target in links.items()
    )
    if table == "core_comment":
        kinds, tables = (literals(names, brackets="[]") for names in (COMMENTED, COMMENTED.values()))
        entries += f", ('primary_key', transform({ABOUT}, {kinds}, {tables}, ''), toString(primary_key))"
    links_of = f"arrayJoin([{entries}]) AS link"
    return f"    SELECT {literal(table)} AS entity, id AS entity_id, {links_of} FROM {name(table)} FINAL"  # noqa: S608 quoted
