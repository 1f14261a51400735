"""What the views of companies, people, TechOrda, landings and the papers of requests must show of a story."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from sinks.references import REFERENCES
from tests.views.content_oracle import TYPES, Rows, frozen, notifications_read, titles, transitions
from tests.views.oracle import TERMINAL, day_of
from tests.views.story import Row, Story

TAGS = ("it_company", "startup", "techpark", "corp_partner", "nii", "nedrouser", "ts_member")
GRADUATED = {"graduated", "finished", "completed"}


def tags_of(row: Row) -> list[str]:
    return [f"tag_{tag}" for tag in TAGS if row[f"tag_{tag}"]]


def companies(story: Story) -> Rows:
    groups = defaultdict(list)
    for row in story.rows("account_company"):
        groups[row["company_type"] or "", row["status"], bool(row["verified"])].append(row)
    for key, rows in groups.items():
        yield *key, len(rows), frozen(Counter(tag for row in rows for tag in tags_of(row)))


def company_activity(story: Story) -> Rows:
    known = {row["id"]: row for row in story.rows("account_company")}
    requests, bookings = story.rows("service_servicerequest"), story.rows("booking_booking")
    members = story.rows("account_usercompany")
    owned = [(kind, row) for kind, table in TYPES.items() for row in story.rows(table)]
    everything = [*requests, *bookings, *members, *(row for _, row in owned)]
    for id_ in {*known, *(row["company_id"] for row in everything)} - {None}:
        own = known.get(id_)
        statuses = [row["status"] for row in requests if row["company_id"] == id_]
        content = Counter(kind for kind, row in owned if row["company_id"] == id_)
        yield (
            id_, *((own["company_type"] or "", own["status"], tuple(tags_of(own)), bool(own["verified"])) if own
                   else ("", "", (), False)),
            sum(status not in TERMINAL for status in statuses), statuses.count("success"),
            content["event"], content["vacancy"], content["blog"], content["article"],
            sum(row["company_id"] == id_ for row in bookings),
            len({row["user_id"] for row in members if row["company_id"] == id_} - {None}),
        )  # fmt: skip


def company_flow_daily(story: Story) -> Rows:
    steps: Counter[Any] = Counter()
    for events in story.lives("account_company"):
        for before, after, event, _, _ in transitions(events):
            steps[day_of(event.at), before, after] += 1
    return [(*key, count) for key, count in steps.items()]


def users(story: Story) -> Rows:
    groups = defaultdict(list)
    for row in story.rows("account_user"):
        groups[row["role"] or "", bool(row["is_active"]), bool(row["blocked"])].append(row)
    for key, rows in groups.items():
        flags = [name for name in ("email_verified", "phone_verified") if name in rows[0]]
        verified = sum(any(row[name] for name in flags) for row in rows) if flags else None
        yield *key, len(rows), verified, sum(row["company_id"] is not None for row in rows)


def memberships(story: Story) -> Rows:
    members, asked, invited = (
        story.rows(f"account_usercompany{name}") for name in ("", "request", "invitation")
    )  # fmt: skip
    for id_ in {row["company_id"] for row in (*members, *asked, *invited)} - {None}:
        own = [row for row in members if row["company_id"] == id_]
        people = [{row["user_id"] for row in own if chosen(row)} - {None} for chosen in (bool, lambda r: r["verified"])]
        roles = frozen(Counter(row["role"] or "" for row in own))
        counts = [sum(row["company_id"] == id_ for row in rows) for rows in (asked, invited)]
        yield id_, *map(len, people), roles, *counts


def taught(story: Story, table: str) -> list[Row]:
    """Students or reports with the school and flow of their course where they name none."""
    courses = {row["id"]: row for row in story.rows("techorda_course")}
    found = []
    for row in story.rows(table):
        course = courses.get(row["course_id"], {})
        school, flow = row["school_id"], row.get("flow_id")
        found.append({
            **row, "school_id": course.get("school_id") if school is None else school,
            "flow_id": course.get("flow_id") if flow is None else flow,
        })  # fmt: skip
    return found


def techorda(by: str) -> Callable[[Story], dict[int, Counter[str]]]:
    """Counts by course, school or flow."""

    def counts(story: Story) -> dict[int, Counter[str]]:
        found: dict[int, Counter[str]] = defaultdict(Counter)
        listed = Counter(row["report_id"] for row in story.rows("service_techordareportstudent"))
        for row in story.rows(f"techorda_{by.removesuffix('_id')}"):
            found[row["id"]]["itself"] += 1
        students, reports = taught(story, "service_techordastudent"), taught(story, "service_techordareport")
        applications = story.rows("techorda_courseapplication")
        if by == "school_id":
            courses = {row["id"]: row["school_id"] for row in story.rows("techorda_course")}
            applications = [{**row, "school_id": courses.get(row["course_id"])} for row in applications]
        counted = [
            ("courses", story.rows("techorda_course") if by != "course_id" else []),
            ("applications", applications),
            ("application_forms", story.rows("techorda_applicationform") if by == "flow_id" else []),
            ("favourites", story.rows("techorda_coursefavorite") if by == "course_id" else []),
            ("students", students),
            ("graduates", [row for row in students if row["status"] in GRADUATED]),
            ("reports", reports),
        ]
        for name, rows in counted:
            for row in rows:
                found[row[by]][name] += 1
        for row in reports:
            found[row[by]]["report_students"] += listed[row["id"]]
        return {id_: numbers for id_, numbers in found.items() if id_ is not None}

    return counts


def techorda_courses(story: Story) -> Rows:
    known = {row["id"]: row for row in story.rows("techorda_course")}
    names = ("applications", "favourites", "students", "graduates", "reports", "report_students")
    for id_, numbers in techorda("course_id")(story).items():
        course = known.get(id_, {})
        place = (course.get("school_id"), course.get("flow_id"))
        yield id_, *titles(story, "course", id_), *place, *(numbers[name] for name in names)


def techorda_schools(story: Story) -> Rows:
    known = {row["id"]: row for row in story.rows("techorda_school")}
    names = ("courses", "applications", "students", "graduates", "reports", "report_students")
    for id_, numbers in techorda("school_id")(story).items():
        yield id_, known.get(id_, {}).get("company_id"), *(numbers[name] for name in names)


def techorda_flows(story: Story) -> Rows:
    names = ("courses", "applications", "application_forms", "students", "graduates", "reports")
    for id_, numbers in techorda("flow_id")(story).items():
        yield id_, *titles(story, "flow", id_), *(numbers[name] for name in names)


def landing(story: Story) -> Rows:
    pages = defaultdict(list)
    for row in story.rows("landing_page"):
        pages[row["organization_id"]].append(row)
    sections, components = story.rows("landing_section"), story.rows("landing_component")
    media = Counter(row["page_id"] for row in story.rows("landing_pagemediafile"))
    for id_, rows in pages.items():
        ids = {row["id"] for row in rows}
        parts = {row["id"] for row in sections if row["page_id"] in ids}
        inside = sum(row["section_id"] in parts for row in components)
        published, files = sum(bool(row["published"]) for row in rows), sum(media[page] for page in ids)
        yield id_, *titles(story, "organization", id_), len(rows), published, len(parts), inside, files


PAPERS = {
    "service_expertise": "service_request_id", "service_vote": "service_request_id",
    "service_report": "service_request_id", "service_protocol_accepted": "servicerequest_id",
    "service_protocol_rejected": "servicerequest_id", "service_seedmoneyreport": "service_request_id",
    "service_externalrequest": "service_request_id",
}  # fmt: skip


def request_reviews(story: Story) -> Rows:
    services = {row["id"]: row["service_id"] or "" for row in story.rows("service_servicerequest")}
    found: dict[str, tuple[set[int], Counter[str]]] = defaultdict(lambda: (set(), Counter()))
    for table, column in PAPERS.items():
        for row in story.rows(table):
            if row[column] is not None:
                ids, papers = found[services.get(row[column], "")]
                ids.add(row[column])
                papers[table] += 1
    for service, (ids, papers) in found.items():
        yield service, len(ids), *(papers[table] for table in PAPERS)


def request_changes(story: Story) -> Rows:
    """Each streamed transition, with the user of the history row of the same commit."""
    table = "service_servicerequeststatus"
    written = {event.key: event.at for event in story.tables[table] if event.streamed}
    users = {
        (row["service_request_id"], row["status"], written[row["id"]]): row["user_id"]
        for row in story.rows(table)
        if row["id"] in written
    }
    for events in story.lives("service_servicerequest"):
        for before, after, event, row, _ in transitions(events):
            user = users.get((event.key, after, event.at))
            yield event.key, row["service_id"] or "", before, after, event.at, user


def requests_open(story: Story) -> Rows:
    rows = story.rows("service_servicerequest")
    children = Counter(row["parent_id"] for row in rows)
    for row in rows:
        if row["status"] not in TERMINAL:
            forms = (row["hub_form_data_id"] is not None, row["second_hub_form_data_id"] is not None)
            yield row["id"], row["parent_id"], children[row["id"]], *forms


def booking_outcomes_daily(story: Story) -> Rows:
    days = defaultdict(list)
    for row in story.rows("booking_booking"):
        if row["start"] is not None:
            days[day_of(row["start"]), row["room_id"]].append(row)
    for key, rows in days.items():
        finished = sum(row["status"] == "finished" for row in rows)
        yield *key, len(rows), finished, len({row["company_id"] for row in rows} - {None})


def booking_companies_daily(story: Story) -> Rows:
    days = defaultdict(list)
    for row in story.rows("booking_booking"):
        if row["start"] is not None:
            days[day_of(row["start"]), row["company_id"]].append(row["status"])
    for key, statuses in days.items():
        yield *key, len(statuses), statuses.count("finished"), statuses.count("deactivated")


def orphans(story: Story) -> Rows:
    ids = {table: {row["code" if table == "service_service" else "id"] for row in story.rows(table)}
           for links in REFERENCES.values() for table in links.values()}  # fmt: skip
    for table, links in REFERENCES.items():
        for row in story.rows(table):
            for column, target in links.items():
                if row[column] is not None and ids[target] and row[column] not in ids[target]:
                    yield table, row["id"], column, target, str(row[column])
    for row in story.rows("core_comment"):
        about = (row["source"] or "").lower().removeprefix("core_").removeprefix("core.")
        known = {content["id"] for content in story.rows(TYPES[about])} if about in TYPES else set()
        if known and row["primary_key"] is not None and row["primary_key"] not in known:
            yield "core_comment", row["id"], "primary_key", TYPES[about], str(row["primary_key"])


HISTORIES = {
    "service_servicerequest": ("service_servicerequeststatus", "service_request_id"),
    "booking_booking": ("booking_bookingstatus", "booking_id"),
}


def history_mismatches(story: Story) -> Rows:
    for table, (history, reference) in HISTORIES.items():
        latest = {}
        for row in sorted(story.rows(history), key=lambda row: (row["created_at"] or 0, row["id"])):
            latest[row[reference]] = row["status"]
        for row in story.rows(table):
            told = latest.get(row["id"])
            if told is not None and told != row["status"]:
                yield table, row["id"], row["status"], told


COMPANY_VIEWS: dict[str, tuple[str, Callable[[Story], Rows]]] = {
    "v_companies": ("company_type status verified companies tagged", companies),
    "v_company_activity": (
        "company_id company_type status tags verified requests_open requests_success events vacancies blogs articles "
        "bookings members",
        company_activity,
    ),
    "v_company_flow_daily": ("day from_status to_status transitions", company_flow_daily),
    "v_users": ("role is_active blocked users verified with_company", users),
    "v_memberships": ("company_id users verified_users roles requests invitations", memberships),
    "v_techorda_courses": (
        "course_id title_ru title_kk title_en school_id flow_id applications favourites students graduates reports "
        "report_students",
        techorda_courses,
    ),
    "v_techorda_schools": (
        "school_id company_id courses applications students graduates reports report_students",
        techorda_schools,
    ),
    "v_techorda_flows": (
        "flow_id title_ru title_kk title_en courses applications application_forms students graduates reports",
        techorda_flows,
    ),
    "v_landing": (
        "organization_id title_ru title_kk title_en pages published_pages sections components media",
        landing,
    ),
    "v_request_reviews": (
        "service requests expertises votes reports protocols_accepted protocols_rejected seed_money_reports "
        "external_requests",
        request_reviews,
    ),
    "v_request_changes": ("request_id service from_status to_status at user_id", request_changes),
    "v_requests_open": ("request_id parent_id children form_1_filled form_2_filled", requests_open),
    "v_booking_outcomes_daily": ("day room_id bookings finished companies", booking_outcomes_daily),
    "v_booking_companies_daily": ("day company_id bookings finished cancelled", booking_companies_daily),
    "v_notifications_daily": ("day read", notifications_read),
    "v_dq_history_mismatches": ("entity entity_id status latest_in_history", history_mismatches),
    "v_dq_orphans": ("entity entity_id reference target missing_id", orphans),
}
"""View -> its columns and what they must hold."""
