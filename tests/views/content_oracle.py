"""What the views of content, companies and people must show of a story, in plain Python over its rows and events."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from tests.views.oracle import age, day_of
from tests.views.story import Event, Row, Story
from tests.views.world import HOUR, NOW, SECOND

Rows = Iterable[tuple[Any, ...]]
TYPES = {"event": "core_event", "vacancy": "core_vacancy", "blog": "core_blog", "article": "core_article"}
TITLED = {
    **{kind: (table, "title") for kind, table in TYPES.items()},
    "category": ("core_category", "name"), "city": ("core_city", "name"), "organization": ("core_organization", "name"),
    "course": ("techorda_course", "title"), "flow": ("techorda_flow", "name"),
}  # fmt: skip
MODERATION = {"sent": "staff", "correction": "author"}


def frozen(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items()))


def titles(story: Story, kind: str, id_: int | None) -> tuple[str | None, ...]:
    if id_ is None:
        return None, None, None
    table, column = TITLED.get(kind, ("core_city", ""))
    known: dict[str, str] = next((row[column] for row in story.rows(table) if column and row["id"] == id_), {})
    orders = (("ru", "kk", "en"), ("kk", "ru", "en"), ("en", "ru", "kk"))
    return tuple(next((known[name] for name in order if known.get(name)), str(id_)) for order in orders)


def transitions(events: list[Event]) -> Iterator[tuple[str, str, Event, Row, int | None]]:
    """(before, after, the event, the row then, microseconds in before) of each streamed change of status."""
    before, since = "", None
    row: Row = {}
    for event in events:
        after = event.values["status"] if event.values is not None else "removed"
        row = event.values or row
        if after != before:
            if event.streamed:
                yield before, after, event, row, None if since is None else event.at - since
            since = event.at if event.streamed and event.values is not None else None
        before = "" if event.values is None else after


def stood_since(events: list[Event]) -> int:
    """When the row got to its status."""
    streamed = [event for *_, event, _, _ in transitions(events)]
    status = events[-1].values["status"] if events[-1].values else ""
    for event in reversed(events):
        if event.values is None or event.values["status"] != status:
            break
        entered = event
    if entered in streamed:
        return entered.at
    row = entered.values or {}
    return next(at for at in (row["updated_at"], row["created_at"], entered.at) if at is not None)


def living(story: Story, table: str) -> Iterator[tuple[Row, list[Event]]]:
    for events in story.lives(table):
        if events[-1].values is not None:
            yield events[-1].values, events


def content_backlog(story: Story) -> Rows:
    waiting = defaultdict(list)
    for kind, table in TYPES.items():
        for row, events in living(story, table):
            if row["status"] in MODERATION:
                waiting[kind, row["status"]].append(stood_since(events))
    for (kind, status), instants in waiting.items():
        yield kind, status, MODERATION[status], len(instants), min(instants), age(min(instants))


def content_backlog_hourly(story: Story) -> Rows:
    moves = [e.at for t in TYPES.values() for e in story.tables[t] if e.values and e.values["status"] in MODERATION]
    last = NOW // HOUR
    for hour in range(max(min(moves, default=NOW) // HOUR, last - 167), last + 1):
        stood: Counter[tuple[str, str]] = Counter()
        for kind, table in TYPES.items():
            for events in story.lives(table):
                past = [event for event in events if event.at < (hour + 1) * HOUR]
                if past and past[-1].values is not None and past[-1].values["status"] in MODERATION:
                    stood[kind, past[-1].values["status"]] += 1
        for key, count in stood.items():
            yield hour * 3600, *key, count


def content_flow_hourly(story: Story) -> Rows:
    steps = defaultdict(list)
    for kind, table in TYPES.items():
        for events in story.lives(table):
            for before, after, event, _, spent in transitions(events):
                steps[event.at // HOUR * 3600, kind, before, after].append(spent)
    for key, spans in steps.items():
        observed = [span for span in spans if span is not None]
        yield *key, len(spans), sum(observed) / len(observed) / SECOND if observed else None


MILESTONES = {"success": 0, "reject": 1, "deleted": 2, "removed": 2}


def content_publications_daily(story: Story) -> Rows:
    days: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for kind, table in TYPES.items():
        for events in story.lives(table):
            seen = set()
            for _, after, event, row, _ in transitions(events):
                milestone = MILESTONES.get(after)
                if milestone is not None and milestone not in seen:
                    seen.add(milestone)
                    owner = (row["company_id"], row.get("organization_id"), row["author_id"])
                    days[day_of(event.at), kind, *owner][milestone] += 1
    return [(*key, *counts) for key, counts in days.items()]


def events(story: Story) -> Rows:
    coming = Counter(row["event_id"] for row in story.rows("core_eventparticipant"))
    for row in story.rows("core_event"):
        start = row["datetime_start"]
        yield (
            row["id"], *titles(story, "event", row["id"]), row["status"], bool(row["published"]), row["event_type"],
            row["event_format"], start, row["datetime_end"], start is not None and start > NOW, row["company_id"],
            row["organization_id"], row["author_id"], coming[row["id"]], row["view_count"] or 0,
        )  # fmt: skip


def event_engagement(story: Story) -> Rows:
    for row in events(story):
        participants, views = row[14], row[15]
        yield row[0], *row[1:5], *row[6:8], *row[11:13], participants, views, participants / views if views else None


def registrations_daily(story: Story) -> Rows:
    owners = {row["id"]: (row["company_id"], row["organization_id"]) for row in story.rows("core_event")}
    days: Counter[Any] = Counter()
    for row in story.rows("core_eventparticipant"):
        if (at := story.born("core_eventparticipant", row)) is not None:
            days[day_of(at), row["event_id"], *owners.get(row["event_id"], (None, None))] += 1
    return [(*key, count) for key, count in days.items()]


def vacancies(story: Story) -> Rows:
    wanted = Counter(row["vacancy_id"] for row in story.rows("core_vacancycandidate"))
    lives = {row["id"]: events for row, events in living(story, "core_vacancy")}
    for row in story.rows("core_vacancy"):
        active = row["status"] == "success" and row["published"] is not False
        yield (
            row["id"], *titles(story, "vacancy", row["id"]), row["vacancy_type"], row["city_id"],
            *titles(story, "city", row["city_id"]), row["company_id"], row["status"], active, wanted[row["id"]],
            row["salary_min"], row["salary_max"], lifetime(lives[row["id"]]),
        )  # fmt: skip


def lifetime(events: list[Event]) -> float | None:
    gone = [i for i, event in enumerate(events) if event.values is None]
    start = gone[-1] + 1 if gone else 0
    published = [e.at for _, after, e, _, _ in transitions(events) if after == "success" and e in events[start:]]
    status = (events[-1].values or {})["status"]
    end = stood_since(events) if status in ("reject", "deleted") else NOW
    return max(0, end - published[0]) / SECOND if published else None


def vacancy_market(story: Story) -> Rows:
    groups = defaultdict(list)
    for row in vacancies(story):
        groups[row[5], row[4]].append(row)

    def average(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    for (city, kind), rows in groups.items():
        active = [row for row in rows if row[11]]
        pay = [average(row[i] for row in active if row[i] is not None and row[i] > 0) for i in (13, 14)]
        candidates = average(row[12] for row in active)
        yield city, *titles(story, "city", city), kind, len(active), candidates, *pay, average(row[15] for row in rows)


def organisers(story: Story) -> Rows:
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    engagement = {row[0]: (row[14], row[15]) for row in events(story)}
    for kind, table in TYPES.items():
        for row in story.rows(table):
            for owner, id_ in (("company", row["company_id"]), ("organization", row.get("organization_id"))):
                if id_ is not None:
                    numbers = [1, *engagement[row["id"]]] if kind == "event" else [0, 0, 0]
                    added = [*numbers, int(row["status"] == "success")]
                    found[owner, id_] = [a + b for a, b in zip(found[owner, id_], added, strict=True)]
    for (owner, id_), numbers in found.items():
        named = titles(story, "organization", id_) if owner == "organization" else (str(id_),) * 3
        yield owner, id_, *named, *numbers


def content_engagement(story: Story) -> Rows:
    groups = defaultdict(list)
    for kind in ("blog", "article"):
        for row in story.rows(TYPES[kind]):
            groups[kind, row["author_id"], row["company_id"], row["category_id"]].append(row)
    for key, rows in groups.items():
        likes, dislikes = (sum(row[name] for row in rows) for name in ("likes", "dislikes"))
        published = sum(row["status"] == "success" for row in rows)
        views = sum(row["view_count"] or 0 for row in rows)
        yield (
            *key, *titles(story, "category", key[3]), len(rows), published, views, likes, dislikes, likes + dislikes
        )  # fmt: skip


def comment_activity_daily(story: Story) -> Rows:
    days = defaultdict(list)
    for row in story.rows("core_comment"):
        if (at := story.born("core_comment", row)) is not None:
            days[day_of(at), row["source"] or ""].append(row)
    for key, rows in days.items():
        likes, dislikes = (sum(row[name] for row in rows) for name in ("likes", "dislikes"))
        answers = sum(row["parent_id"] is not None for row in rows)
        statuses = frozen(Counter(row["status"] for row in rows))
        yield *key, len(rows), answers, statuses, likes, dislikes, likes + dislikes


FED = ("article", "blog", "discussion", "event", "techtask", "vacancy")


def feed_items(story: Story) -> dict[tuple[str, int], int | None]:
    found: dict[tuple[str, int], int | None] = {}
    for row in story.rows("core_feed"):
        for kind in FED:
            id_ = row[f"{kind}_id"]
            if id_ is not None and row["published"] is not False:
                known = [at for at in (found.get((kind, id_)), story.born("core_feed", row)) if at is not None]
                found[kind, id_] = min(known, default=None)
    return found


def feed_top(story: Story) -> Rows:
    written: Counter[Any] = Counter()
    for row in story.rows("core_comment"):
        written[(row["source"] or "").lower().removeprefix("core_").removeprefix("core."), row["primary_key"]] += 1
    found = []
    for kind, id_ in feed_items(story):
        row = next((row for row in story.rows(TYPES[kind]) if row["id"] == id_), {}) if kind in TYPES else {}
        views, reactions = row.get("view_count") or 0, row.get("likes", 0) + row.get("dislikes", 0)
        found.append((kind, id_, *titles(story, kind, id_), views, written[kind, id_], reactions))
    found.sort(key=lambda item: (-item[5], -item[6], -item[7], -item[1], item[0]))
    return [(*item, rank) for rank, item in enumerate(found, 1)]


def feed_daily(story: Story) -> Rows:
    days = Counter((day_of(at), kind) for (kind, _), at in feed_items(story).items() if at is not None)
    return [(*key, count) for key, count in days.items()]


def daily(tables: dict[str, str], column: str | None = None) -> Callable[[Story], Rows]:
    """Rows by day; and by what the column says, else by the table."""

    def rows(story: Story) -> Rows:
        days: Counter[Any] = Counter()
        for table, kind in tables.items():
            for row in story.rows(table):
                if (at := story.born(table, row)) is not None:
                    days[day_of(at), (row[column] or "") if column else kind] += 1
        return [(*key, count) for key, count in days.items()]

    return rows


def people_daily(table: str, *columns: str) -> Callable[[Story], Rows]:
    """(day, columns.., rows, users)"""

    def rows(story: Story) -> Rows:
        days = defaultdict(list)
        for row in story.rows(table):
            if (at := story.born(table, row)) is not None:
                days[day_of(at), *(row[name] or "" for name in columns)].append(row["user_id"])
        return [(*key, len(users), len({*users} - {None})) for key, users in days.items()]

    return rows


def notifications_read(story: Story) -> Rows:
    days: dict[date, int] = defaultdict(int)
    for row in story.rows("core_notification"):
        if (at := story.born("core_notification", row)) is not None:
            days[day_of(at)] += bool(row["is_read"])
    return list(days.items())


CONTENT_VIEWS: dict[str, tuple[str, Callable[[Story], Rows]]] = {
    "v_content_backlog": ("content_type status waiting_on items oldest_since oldest_age_seconds", content_backlog),
    "v_content_backlog_hourly": ("hour content_type status items", content_backlog_hourly),
    "v_content_flow_hourly": ("hour content_type from_status to_status transitions avg_seconds", content_flow_hourly),
    "v_content_publications_daily": (
        "day content_type company_id organization_id author_id published rejected deleted",
        content_publications_daily,
    ),
    "v_events": (
        "event_id title_ru title_kk title_en status published event_type event_format starts_at ends_at upcoming "
        "company_id organization_id author_id participants views",
        events,
    ),
    "v_event_engagement": (
        "event_id title_ru title_kk title_en status event_type event_format company_id organization_id participants "
        "views conversion",
        event_engagement,
    ),
    "v_registrations_daily": ("day event_id company_id organization_id registrations", registrations_daily),
    "v_vacancies": (
        "vacancy_id title_ru title_kk title_en vacancy_type city_id city_ru city_kk city_en company_id status active "
        "candidates salary_min salary_max lifetime_seconds",
        vacancies,
    ),
    "v_vacancy_market": (
        "city_id city_ru city_kk city_en vacancy_type active candidates_per_vacancy avg_salary_min avg_salary_max "
        "avg_lifetime_seconds",
        vacancy_market,
    ),
    "v_organisers": (
        "kind organiser_id title_ru title_kk title_en events participants views publications",
        organisers,
    ),
    "v_content_engagement": (
        "content_type author_id company_id category_id category_ru category_kk category_en items publications views "
        "likes dislikes reactions",
        content_engagement,
    ),
    "v_comment_activity_daily": (
        "day source comments replies statuses likes dislikes reactions",
        comment_activity_daily,
    ),
    "v_feed_top": ("content_type content_id title_ru title_kk title_en views comments reactions rank", feed_top),
    "v_feed_daily": ("day content_type items", feed_daily),
    "v_media_daily": (
        "day kind files",
        daily(
            {"shared_mediafile": "public", "shared_protectedmediafile": "protected", "landing_pagemediafile": "page"}
        ),
    ),
    "v_sms_daily": ("day kind messages", daily({"shared_smslog": ""}, "sms_type")),
    "v_activations_daily": ("day activations users", people_daily("account_activation")),
    "v_actions_daily": ("day action actions users", people_daily("core_actionlog", "action")),
    "v_notifications_daily": ("day notifications users", people_daily("core_notification")),
}
"""View -> its columns and what they must hold."""
