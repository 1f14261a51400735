"""TechOrda: schools, their courses, who applies and studies, and what the schools report."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from deploy.local.source.base import CANARY, YEARS, Base, Row, Table, document
from deploy.local.source.phrases import course_title, title


def tables(base: Base) -> Iterator[Table]:
    yield Table("techorda_flow", _flows(base))
    yield Table("techorda_school", _schools(base))
    yield Table("techorda_course", _courses(base))
    yield Table("techorda_applicationform", _forms(base))
    yield Table("techorda_courseapplication", _applications(base))
    yield Table("techorda_coursefavorite", _favourites(base))
    yield Table("service_techordastudent", _students(base))
    yield Table("service_techordareport", _reports(base))
    yield Table("service_techordareportstudent", _graded(base))


def course(number: int, flow: int, school: int, at: datetime) -> Row:
    return {
        "id": number,
        "title": document(course_title(number)),
        "description": document({"ru": CANARY}),
        "flow_id": flow,
        "school_id": school,
        "status": "active",
        "price": 100_000 + number % 9 * 50_000,
        "created_at": at,
    }


def application_form(random: Random, number: int, author: int, flow: int, at: datetime) -> Row:
    return {
        "id": number,
        "assessment_id": 1 + int(9_000 * random.random()),
        "author_id": author,
        "flow_id": flow,
        "data": document({"applicant": CANARY}),
        "status": "sent",
        "created_at": at,
    }


def application(number: int, form: int, course: int, flow: int, at: datetime) -> Row:
    return {
        "id": number,
        "application_form_id": form,
        "course_id": course,
        "flow_id": flow,
        "status": "sent",
        "comment": CANARY,
        "created_at": at,
        "updated_at": at,
    }


def favourite(number: int, course: int, user: int, at: datetime) -> Row:
    return {"id": number, "course_id": course, "user_id": user, "created_at": at}


def student(number: int, user: int, place: tuple[int, int, int], request: int | None, at: datetime) -> Row:
    """`place`: course, school, flow."""
    course, school, flow = place
    return {
        "id": number,
        "user_id": user,
        "course_id": course,
        "school_id": school,
        "flow_id": flow,
        "service_request_id": request,
        "iin": CANARY,
        "full_name": CANARY,
        "status": "studying",
        "created_at": at,
        "updated_at": at,
    }


def report(number: int, course: int, school: int, at: datetime) -> Row:
    return {
        "id": number,
        "service_request_id": None,
        "course_id": course,
        "school_id": school,
        "status": "sent",
        "data": document({"director": CANARY}),
        "created_at": at,
    }


def graded(random: Random, number: int, report: int, student: int, at: datetime) -> Row:
    grade = random.choice(("passed", "passed", "failed"))
    return {
        "id": number,
        "report_id": report,
        "student_id": student,
        "grade": grade,
        "comment": CANARY,
        "created_at": at,
    }


def place_of(base: Base, course: int) -> tuple[int, int, int]:
    """Course, school and flow of the base data set."""
    return course, course % base.rows("techorda_school") + 1, course % base.rows("techorda_flow") + 1


def _flows(base: Base) -> Iterator[Row]:
    for n in range(1, base.rows("techorda_flow") + 1):
        start = base.now - YEARS + timedelta(days=150 * n)
        yield {
            "id": n,
            "name": document(title(f"Поток {n}", f"Ағым {n}", f"Intake {n}")),
            "starts_on": start.date(),
            "ends_on": (start + timedelta(days=180)).date(),
            "created_at": start - timedelta(days=60),
        }


def _schools(base: Base) -> Iterator[Row]:
    random = base.random("techorda_school")
    for n, at in enumerate(base.instants("techorda_school"), start=1):
        yield {
            "id": n,
            "name": f"{CANARY} {n}",
            "bin": CANARY,
            "address": CANARY,
            "phone": CANARY,
            "author_id": base.one(random, "account_user"),
            "company_id": base.maybe(random, "account_company", 0.9),
            "status": "active" if random.random() < 0.9 else "blocked",
            "created_at": at,
        }


def _courses(base: Base) -> Iterator[Row]:
    for n, at in enumerate(base.instants("techorda_course"), start=1):
        _, school, flow = place_of(base, n)
        yield course(n, flow, school, at)


def _forms(base: Base) -> Iterator[Row]:
    random = base.random("techorda_applicationform")
    for n, at in enumerate(base.instants("techorda_applicationform"), start=1):
        yield application_form(random, n, base.one(random, "account_user"), base.one(random, "techorda_flow"), at)


def _applications(base: Base) -> Iterator[Row]:
    random = base.random("techorda_courseapplication")
    for n, at in enumerate(base.instants("techorda_courseapplication"), start=1):
        course, _, flow = place_of(base, base.one(random, "techorda_course"))
        row = application(n, base.one(random, "techorda_applicationform"), course, flow, at)
        yield row | {"status": random.choice(("sent", "success", "reject"))}


def _favourites(base: Base) -> Iterator[Row]:
    random = base.random("techorda_coursefavorite")
    for n, at in enumerate(base.instants("techorda_coursefavorite"), start=1):
        yield favourite(n, base.one(random, "techorda_course"), base.one(random, "account_user"), at)


def _students(base: Base) -> Iterator[Row]:
    random = base.random("service_techordastudent")
    for n, at in enumerate(base.instants("service_techordastudent"), start=1):
        place = place_of(base, base.one(random, "techorda_course"))
        request = base.maybe(random, "service_servicerequest", 0.9)
        row = student(n, base.one(random, "account_user"), place, request, at)
        yield row | {"status": random.choice(("studying", "studying", "graduated", "expelled"))}


def _reports(base: Base) -> Iterator[Row]:
    random = base.random("service_techordareport")
    for n, at in enumerate(base.instants("service_techordareport"), start=1):
        course, school, _ = place_of(base, base.one(random, "techorda_course"))
        yield report(n, course, school, at)


def _graded(base: Base) -> Iterator[Row]:
    random, table = base.random("service_techordareportstudent"), "service_techordareportstudent"
    for n, at in enumerate(base.instants(table), start=1):
        report_id, student_id = base.one(random, "service_techordareport"), base.one(random, "service_techordastudent")
        yield graded(random, n, report_id, student_id, at)
