"""What happens in TechOrda: applications, favourites, students and reports. None: nothing to do it with."""

from deploy.local.source.base import Row
from deploy.local.source.domains import techorda
from deploy.local.source.simulate.audience import gone
from deploy.local.source.simulate.statement import Effect, Transaction, insert, update
from deploy.local.source.simulate.tracked import Place
from deploy.local.source.simulate.world import World

APPLICATIONS = "techorda_courseapplication"
FAVOURITES = "techorda_coursefavorite"
STUDENTS = "service_techordastudent"


def apply_for_course(world: World) -> Transaction | None:
    place = _place(world)
    if place is None:
        return None
    forms, now = "techorda_applicationform", world.clock()
    form_number, number = world.ids.next(forms), world.ids.next(APPLICATIONS)
    form = techorda.application_form(world.random, form_number, world.users.pick(world.random), place.flow, now)
    row = techorda.application(number, form_number, place.course, place.flow, now)
    statements = (insert(forms, form), insert(APPLICATIONS, row))
    return Transaction("apply_for_course", statements, (Effect(world.rows[APPLICATIONS], number, True),))


def decide_application(world: World) -> Transaction | None:
    number = world.any(APPLICATIONS)
    if number is None:
        return None
    row: Row = {"status": "success" if world.random.random() < 0.7 else "reject", "updated_at": world.clock()}
    change = update(APPLICATIONS, number, row, expected={"status": "sent"})
    return Transaction("decide_application", (change,), (Effect(world.rows[APPLICATIONS], number),))


def favour_course(world: World) -> Transaction | None:
    place = _place(world)
    if place is None:
        return None
    number = world.ids.next(FAVOURITES)
    row = techorda.favourite(number, place.course, world.users.pick(world.random), world.clock())
    return Transaction("favour_course", (insert(FAVOURITES, row),), (Effect(world.rows[FAVOURITES], number, True),))


def unfavour_course(world: World) -> Transaction | None:
    return gone(world, "unfavour_course", FAVOURITES)


def enrol_student(world: World) -> Transaction | None:
    place = _place(world)
    if place is None:
        return None
    number = world.ids.next(STUDENTS)
    row = techorda.student(number, world.users.pick(world.random), place, world.request(), world.clock())
    return Transaction("enrol_student", (insert(STUDENTS, row),), (Effect(world.rows[STUDENTS], number, place.course),))


def end_study(world: World) -> Transaction | None:
    number = world.any(STUDENTS)
    if number is None:
        return None
    row: Row = {"status": "graduated" if world.random.random() < 0.8 else "expelled", "updated_at": world.clock()}
    change = update(STUDENTS, number, row, expected={"status": "studying"})
    return Transaction("end_study", (change,), (Effect(world.rows[STUDENTS], number),))


def report_students(world: World) -> Transaction | None:
    """A report of a school with up to three students."""
    place, random, now = _place(world), world.random, world.clock()
    if place is None or not len(world.rows[STUDENTS]):
        return None
    reports, graded = "service_techordareport", "service_techordareportstudent"
    number = world.ids.next(reports)
    students = [world.rows[STUDENTS].pick(random) for _ in range(1 + int(3 * random.random()))]
    rows = [techorda.graded(random, world.ids.next(graded), number, student, now) for student in students]
    report = insert(reports, techorda.report(number, place.course, place.school, now))
    return Transaction("report_students", (report, *(insert(graded, row) for row in rows)))


def _place(world: World) -> Place | None:
    course = world.any("techorda_course")
    place: Place | None = None if course is None else world.rows["techorda_course"][course]
    return place
