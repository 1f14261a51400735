"""What every view must show of a world, computed in plain Python from what happened, never from the tables.

Each function gives rows as tuples in the order of `COLUMNS`. Instants are microseconds, minutes and hours seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from schemas.contract import load_contract
from tests.views.world import DAY, HOUR, MINUTE, NOW, SECOND, Booking, Request, Seen, World

ALMATY = ZoneInfo("Asia/Almaty")
REJECTED = {"reject", "rejected"}
TERMINAL = {"success", *REJECTED}
WAITING = {"draft": "author", "correction": "author", "created": "staff", "sent": "staff", "approved": "staff"}
Rows = Iterable[tuple[Any, ...]]


def day_of(micros: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).astimezone(ALMATY).date()


def titles(world: World, code: str) -> tuple[str, str, str]:
    known = world.services.get(code, {})

    def first(*languages: str) -> str:
        return next((known[language] for language in languages if known.get(language)), code)

    return first("ru", "kk", "en"), first("kk", "ru", "en"), first("en", "ru", "kk")


def changes(request: Request) -> Iterator[tuple[str, str, Seen, Seen]]:
    """(status before, after, the row then, the last row known) of each change of status in the log."""
    before, known = "", request.events[0]
    for seen in request.events:
        after = seen.status if seen.status is not None else "removed"
        known = seen if seen.status is not None else known
        if after != before:
            yield before, after, seen, known
        before = "" if seen.status is None else after


def created_at(request: Request) -> int | None:
    """Of the last row; of an id that the stream saw created more than once, the first commit that did."""
    born = [seen.committed_at for before, _, seen, _ in changes(request) if before == "" and seen.origin == "stream"]
    return min(born) if len(born) > 1 else row_created_at(request)


def since(request: Request) -> int:
    """When it got to where it stands: the commit, or what a snapshot can tell."""
    for _, _, seen, _ in reversed(list(changes(request))):
        if seen.origin == "stream":
            return seen.committed_at
        told = (seen.updated_at, row_created_at(request), seen.committed_at)
        return next(at for at in told if at is not None)
    raise AssertionError("a request has at least one change")


def row_created_at(request: Request) -> int | None:
    """As the last row says, else the commit that created it if the stream saw that."""
    gone = [i for i, seen in enumerate(request.events[:-1]) if seen.status is None]
    life = request.events[gone[-1] + 1 if gone else 0 :]
    stated = [seen.created_at for seen in life if seen.created_at is not None]
    return stated[-1] if stated else (life[0].committed_at if life[0].origin == "stream" else None)


def arrivals(request: Request, *, snapshots: bool = False) -> dict[str, tuple[int, str]]:
    """First instant and service then for each milestone, over the stream and the history from before."""
    told: list[tuple[int, int, int, str, str]] = []
    for number, (_, after, seen, known) in enumerate(changes(request)):
        if seen.origin == "stream" or snapshots:
            told.append((seen.committed_at, 1, number, after, known.service))
    present = request.row.service if request.row else ""
    told += [
        (row.at, 0, row.id, row.status, present) for row in request.history if row.at is not None and not row.streamed
    ]
    first: dict[str, tuple[int, str]] = {}
    for at, _, _, status, service in sorted(told):
        first.setdefault("rejected" if status in REJECTED else status, (at, service))
    return first


def open_rows(world: World) -> list[tuple[Request, Seen]]:
    return [(r, r.row) for r in world.requests if r.row is not None and r.row.status not in TERMINAL]


def age(then: int) -> int:
    return max(0, NOW - then) // SECOND


def requests_open(world: World) -> Rows:
    for request, row in open_rows(world):
        people = (row.assignee_id, row.expert_id, row.company_id, row.author_id)
        at, whom = since(request), WAITING.get(str(row.status), "")
        yield request.id, row.service, *titles(world, row.service), row.status, whom, at, age(at), *people


def request_backlog(world: World) -> Rows:
    waiting = defaultdict(list)
    for request, row in open_rows(world):
        waiting[row.service, str(row.status), row.assignee_id].append(since(request))
    for (service, status, assignee), instants in waiting.items():
        whom, oldest = WAITING.get(status, ""), min(instants)
        yield service, *titles(world, service), status, whom, assignee, len(instants), oldest, age(oldest)


def request_backlog_hourly(world: World) -> Rows:
    """Forwards, by looking at where every request stood at the end of the hour."""
    moves = [seen.committed_at for r in world.requests for seen in r.events if seen.status not in TERMINAL]
    last = NOW // HOUR
    for hour in range(max(min(moves, default=NOW) // HOUR, last - 167), last + 1):
        stood: Counter[tuple[str, str]] = Counter()
        for request in world.requests:
            past = [seen for seen in request.events if seen.committed_at < (hour + 1) * HOUR]
            if past and past[-1].status is not None and past[-1].status not in TERMINAL:
                stood[past[-1].service, past[-1].status] += 1
        for (service, status), count in stood.items():
            yield hour * 3600, service, status, count


def flow(width: int) -> Callable[[World], Rows]:
    def rows(world: World) -> Rows:
        steps = defaultdict(list)
        for request in world.requests:
            entered: int | None = None
            for before, after, seen, known in changes(request):
                if seen.origin == "stream":
                    spent = None if entered is None else seen.committed_at - entered
                    steps[seen.committed_at // width * width // SECOND, known.service, before, after].append(spent)
                entered = seen.committed_at if seen.origin == "stream" and after != "removed" else None
        for key, spans in steps.items():
            observed = [span for span in spans if span is not None]
            yield *key, len(spans), sum(observed) / len(observed) / SECOND if observed else None

    return rows


def request_creations(world: World) -> Iterator[tuple[Request, int, str]]:
    for request in world.requests:
        at = created_at(request)
        if at is not None:
            yield request, at, request.events[0].service


def request_conversion(world: World) -> Rows:
    cohorts: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0] * 5)
    for request, at, service in request_creations(world):
        got = arrivals(request, snapshots=True)
        reached = [True, *(name in got for name in ("sent", "approved", "success", "rejected"))]
        cohort = cohorts[day_of(at), service]
        cohort[:] = [count + flag for count, flag in zip(cohort, reached, strict=True)]
    return [(*key, *counts) for key, counts in cohorts.items()]


def request_funnel_daily(world: World) -> Rows:
    names = ["created", "sent", "approved", "success", "rejected"]
    days: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0] * 5)
    firsts = [("created", at, service) for _, at, service in request_creations(world)]
    for request in world.requests:
        firsts += [(name, at, service) for name, (at, service) in arrivals(request).items() if name in names[1:]]
    for name, at, service in firsts:
        days[day_of(at), service][names.index(name)] += 1
    return [(*key, *counts) for key, counts in days.items()]


def quantile(values: list[float], level: float) -> float:
    ordered, place = sorted(values), level * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def request_durations_daily(world: World) -> Rows:
    spans = defaultdict(list)
    for request in world.requests:
        got, born = arrivals(request), created_at(request)
        start = got["sent"][0] if "sent" in got else born
        for milestone, metric in (("approved", "t2approve"), ("success", "t2success")):
            if milestone in got and start is not None:
                at, service = got[milestone]
                spans[day_of(at), service, metric].append((at - start) / SECOND)
    for key, seconds in spans.items():
        yield *key, len(seconds), sum(seconds) / len(seconds), quantile(seconds, 0.5), quantile(seconds, 0.9)


def request_outcomes(world: World) -> Rows:
    services = defaultdict(list)
    for request in world.requests:
        if request.row:
            services[request.row.service].append(request.row.status)
    for service, statuses in services.items():
        success, rejected = statuses.count("success"), sum(status in REJECTED for status in statuses)
        decided = success + rejected
        shares = (success / decided, rejected / decided) if decided else (None, None)
        yield service, *titles(world, service), len(statuses), len(statuses) - decided, success, rejected, *shares


def reviewer_load(world: World) -> Rows:
    load: dict[tuple[str, int], list[Request]] = defaultdict(list)
    for request in world.requests:
        if request.row:
            for role, person in (("assignee", request.row.assignee_id), ("expert", request.row.expert_id)):
                if person is not None:
                    load[role, person].append(request)
    for key, requests in load.items():
        closed = [r for r in requests if r.last.status in TERMINAL and since(r) >= NOW - 168 * HOUR]
        spans = []
        for request in closed:
            got = arrivals(request)
            start = got["sent"][0] if "sent" in got else row_created_at(request)
            spans += [] if start is None else [(since(request) - start) / SECOND]
        waiting = sum(r.last.status not in TERMINAL for r in requests)
        yield *key, waiting, len(closed), quantile(spans, 0.5) if spans else None


def occupying(world: World) -> list[tuple[int, int, int, int]]:
    """(room, booking, start, end)"""
    return [
        (b.room_id, b.id, b.starts_at, b.ends_at)
        for b in world.bookings
        if not b.deleted and b.status != "deactivated" and b.room_id is not None and length(b) is not None
        if b.starts_at is not None and b.ends_at is not None
    ]


def length(booking: Booking) -> int | None:
    """Microseconds, None if it cannot be right."""
    if booking.starts_at is None or booking.ends_at is None:
        return None
    span = booking.ends_at - booking.starts_at
    return span if 0 < span <= 31 * DAY else None


def rooms_now(world: World) -> Rows:
    ahead = [each for each in occupying(world) if each[3] > NOW]
    for room in {*world.rooms, *(each[0] for each in ahead)}:
        name = world.rooms.get(room) or str(room)
        current = max(((end, id_) for r, id_, start, end in ahead if r == room and start <= NOW), default=None)
        upcoming = min((start for r, _, start, _ in ahead if r == room and start > NOW), default=None)
        if current:
            yield room, name, "in_use", current[1], current[0], upcoming
        else:
            yield room, name, "free", None, None, upcoming


def room_hours(world: World) -> Rows:
    hours: dict[tuple[int, int], list[int]] = defaultdict(list)
    for room, _, start, end in occupying(world):
        for hour in range(start // HOUR, -(-end // HOUR)):
            hours[room, hour * 3600].append(min(end, (hour + 1) * HOUR) - max(start, hour * HOUR))
    for key, pieces in hours.items():
        yield *key, sum(pieces) / SECOND, len(pieces), min(1.0, sum(pieces) / HOUR)


def booking_outcomes_daily(world: World) -> Rows:
    days: dict[tuple[date, int | None], list[Booking]] = defaultdict(list)
    for booking in world.bookings:
        if not booking.deleted and booking.starts_at is not None:
            days[day_of(booking.starts_at), booking.room_id].append(booking)
    for key, bookings in days.items():
        cancelled = [b for b in bookings if b.status == "deactivated"]
        spans = [span / SECOND for b in bookings if b not in cancelled and (span := length(b)) is not None]
        average = sum(spans) / len(spans) if spans else None
        yield *key, len(bookings), len(cancelled), len(cancelled) / len(bookings), average


def booking_overlaps(world: World) -> list[tuple[int, int, int, int, int]]:
    pairs = []
    for a, b in combinations(sorted(occupying(world), key=lambda each: each[1]), 2):
        start, end = max(a[2], b[2]), min(a[3], b[3])
        if a[0] == b[0] and start < end:
            pairs.append((a[0], a[1], b[1], start, end))
    return pairs


def activity(world: World) -> Rows:
    counted = Counter((at // MINUTE * 60, *rest) for at, *rest in world.changes)
    return [(*key, count) for key, count in counted.items()]


CAPTURED = tuple(load_contract().tables)


def freshness(world: World) -> Rows:
    for table in CAPTURED:
        states = [p for p in world.partitions if p.table == table and (p.watermark or p.seen_until is not None)]
        changed = [p.changed_at for p in states if p.changed_at is not None and p.watermark]
        seen = [p.seen_until if p.seen_until is not None else p.changed_at if p.watermark else None for p in states]
        until = None if not seen or None in seen else min(at for at in seen if at is not None)
        last = max(changed, default=None)
        lag = None if until is None else (NOW - until) / SECOND
        if table in world.resync or lag is None or lag > 15:
            state = "stalled"
        elif lag > 5:
            state = "behind"
        else:
            state = "live" if last is not None and NOW - last <= 300 * SECOND else "idle"
        yield table, last, until, lag, state, world.resync.get(table)


def dq(world: World) -> Rows:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for issue in world.issues:
        if issue.resolved_at is None:
            found[issue.rule, issue.entity].append(issue.detected_at)
    live = sum(end > NOW for *_, end in booking_overlaps(world))
    found["booking_overlap", "booking_booking"] = [NOW] * live
    rows = [r for r in world.requests if r.row]
    found["history_mismatch", "service_servicerequest"] = [NOW] * sum(map(mismatched, rows))
    lost = sum(bool(orphaned(world, r.row)) for r in rows if r.row)
    found["orphan", "service_servicerequest"] = [NOW] * lost
    found["orphan", "booking_booking"] = [NOW] * sum(misplaced(world, b) for b in world.bookings if not b.deleted)
    return [(*key, len(instants), max(instants)) for key, instants in found.items() if instants]


def mismatched(request: Request) -> bool:
    told = sorted(request.history, key=lambda row: (row.at or 0, row.id))
    return bool(told) and told[-1].status != request.last.status


def orphaned(world: World, row: Seen) -> bool:
    people = {row.author_id, row.assignee_id, row.expert_id} - {None, *world.users}
    return (
        row.service not in {"", *world.services}
        or bool(world.users and people)
        or row.company_id not in {None, *world.companies}
    )


def misplaced(world: World, booking: Booking) -> bool:
    stranger = bool(world.users) and booking.author_id not in {None, *world.users}
    return stranger or booking.room_id not in {None, *world.rooms} or booking.company_id not in {None, *world.companies}


TITLES = "title_ru title_kk title_en"
VIEWS: dict[str, tuple[str, Callable[[World], Rows]]] = {
    "v_requests_open": (
        f"request_id service {TITLES} status waiting_on since age_seconds assignee_id expert_id company_id author_id",
        requests_open,
    ),
    "v_request_backlog": (
        f"service {TITLES} status waiting_on assignee_id requests oldest_since oldest_age_seconds",
        request_backlog,
    ),
    "v_request_backlog_hourly": ("hour service status requests", request_backlog_hourly),
    "v_request_flow": ("minute service from_status to_status transitions avg_seconds", flow(MINUTE)),
    "v_request_flow_hourly": ("hour service from_status to_status transitions avg_seconds", flow(HOUR)),
    "v_request_conversion": (
        "cohort_day service created reached_sent reached_approved reached_success reached_rejected",
        request_conversion,
    ),
    "v_request_funnel_daily": ("day service created sent approved success rejected", request_funnel_daily),
    "v_request_durations_daily": (
        "day service metric requests avg_seconds p50_seconds p90_seconds",
        request_durations_daily,
    ),
    "v_request_outcomes": (
        f"service {TITLES} total open success rejected success_share rejected_share",
        request_outcomes,
    ),
    "v_reviewer_load": ("role user_id open closed_7d median_handling_seconds", reviewer_load),
    "v_rooms_now": ("room_id name state booking_id until next_starts_at", rooms_now),
    "v_room_hours": ("room_id hour booked_seconds bookings utilisation", room_hours),
    "v_booking_outcomes_daily": (
        "day room_id bookings cancelled cancelled_share avg_duration_seconds",
        booking_outcomes_daily,
    ),
    "v_booking_overlaps": ("room_id booking_a booking_b overlap_from overlap_to", booking_overlaps),
    "v_activity": ("minute domain table operation changes", activity),
    "v_freshness": ("table last_change_at seen_until lag_seconds state resync_reason", freshness),
    "v_dq": ("rule entity open last_detected_at", dq),
}
"""View -> its columns and what they must hold."""
