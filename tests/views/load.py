"""Writes a world into ClickHouse as the streams would: old versions and repeated inserts too, in any order."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from schemas.contract import Contract
from schemas.lifecycles import Lifecycle
from sinks.clickhouse import Client
from sinks.history import history_statements
from sinks.mirror import mirror_columns
from tests.views.world import HOUR, MINUTE, SECOND, Booking, Request, Seen, World

PREFIX = "techhub"
TERMINAL = {"success", "reject", "rejected"}
Row = dict[str, Any]


def moment(micros: int | None) -> datetime | None:
    if micros is None:
        return None
    return datetime.fromtimestamp(micros // SECOND, UTC).replace(microsecond=micros % SECOND)


def topic(table: str) -> str:
    return f"{PREFIX}.public.{table}"


def insert(client: Client, table: str, rows: Sequence[Row]) -> None:
    if rows:
        names = sorted({name for row in rows for name in row})
        client.insert(table, [[row.get(name) for name in names] for row in rows], column_names=names)


class Loader:
    """Collects rows by table; measures are absolute sums, each with an outdated version beside it."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.measures: dict[tuple[str, tuple[tuple[str, Any], ...]], dict[str, int]] = {}
        self.offset = 0

    def log(self, table: str, partition: int, lsn: int = 1, deleted: bool = False, at: int = 0) -> Row:
        self.offset += 1
        return {
            "_topic": topic(table), "_partition": partition, "_version": self.offset, "_lsn": lsn,
            "_committed_at": moment(at), "_deleted": int(deleted),
        }  # fmt: skip

    def measure(self, table: str, partition: int, key: Row, **values: int) -> None:
        row = self.measures.setdefault((table, tuple({**key, "_partition": partition}.items())), defaultdict(int))
        for name, value in values.items():
            row[name] += value

    def write(self, client: Client, seed: int) -> None:
        for (table, key), values in self.measures.items():
            row = {**dict(key), "_topic": topic("any"), "_version": 7}
            self.rows[table] += [{**row, **values}, {**row, **dict.fromkeys(values, 99), "_version": 6}]
        for table, rows in self.rows.items():
            random.Random(seed).shuffle(rows)
            insert(client, table, rows[::2])
            insert(client, table, rows[1::2])
            insert(client, table, rows[::3])


def load(client: Client, contract: Contract, lifecycles: dict[str, Lifecycle], world: World, seed: int = 0) -> None:
    loader = Loader(contract)
    for request in world.requests:
        load_request(loader, request)
    for booking in world.bookings:
        load_booking(loader, booking)
    load_names(loader, world)
    load_operations(loader, world)
    loader.write(client, seed)
    for _ in range(2):
        for statement in history_statements(contract, lifecycles, PREFIX):
            client.command(statement)


def load_request(loader: Loader, request: Request) -> None:
    partition, table = request.id % 4, "service_servicerequest"
    old: Seen | None = None
    entity: Row = {}
    for seen in request.events:
        streamed = seen.origin == "stream"
        log = loader.log(table, partition, int(streamed), seen.status is None, seen.committed_at)
        before, after = old.status if old else "", seen.status if seen.status is not None else "removed"
        backlog(loader, partition, old, -1, seen.committed_at)
        if seen.status is not None:
            entity = entity_row(request.id, entity if old else {}, seen, before)
            backlog(loader, partition, seen, 1, seen.committed_at)
        if before != after:
            spent = (
                seen.committed_at - micros_of(entity, "since_before") if streamed and entity.get("watched") else None
            )
            at = seen.committed_at if streamed else entity["since_now"]
            record(loader, request.id, partition, entity, seen, (before or "", after), at, spent, log)
        shown = {name: value for name, value in entity.items() if name in ENTITY}
        loader.rows["requests"].append({**shown, **log})
        loader.rows[table].append({**mirror_row(request.id, seen), **log})
        entity["watched"] = (streamed if before != after else entity.get("watched", False)) and seen.status is not None
        entity["since_before"] = entity["since_now"]
        old = seen if seen.status is not None else None
    for row in request.history:
        log = loader.log("service_servicerequeststatus", row.id % 4, int(row.streamed))
        loader.rows["service_servicerequeststatus"].append(
            {"id": row.id, "service_request_id": request.id, "status": row.status, "created_at": moment(row.at), **log}
        )


DIMENSIONS = ("service", "author_id", "company_id", "assignee_id", "expert_id")
ENTITY = ("request_id", "status", "since", "since_observed", *DIMENSIONS, "created_at", "closed_at", "corrections")


def micros_of(entity: Row, name: str) -> int:
    value: int = entity[name]
    return value


def entity_row(id_: int, old: Row, seen: Seen, before: str | None) -> Row:
    created_at = seen.created_at if seen.created_at is not None else old.get("created")
    if created_at is None and not old and seen.origin == "stream":
        created_at = seen.committed_at
    since = old.get("since_now")
    if seen.status != before:
        fallback = next(at for at in (seen.updated_at, created_at, seen.committed_at) if at is not None)
        since = seen.committed_at if seen.origin == "stream" else fallback
    return {
        **old,
        "request_id": id_, "status": seen.status, "since": moment(since), "since_now": since, "since_observed": False,
        **{name: getattr(seen, name) for name in DIMENSIONS}, "created": created_at, "created_at": moment(created_at),
        "closed_at": moment(since) if seen.status in TERMINAL else None, "corrections": 0,
    }  # fmt: skip


def record(
    loader: Loader,
    id_: int,
    partition: int,
    entity: Row,
    seen: Seen,
    step: tuple[str, str],
    at: int,
    spent: int | None,
    log: Row,
) -> None:
    loader.rows["request_transitions"].append({
        "request_id": id_, "lsn": log["_lsn"], "from_status": step[0], "to_status": step[1], "at": moment(at),
        "seconds_in_from": None if spent is None else spent / SECOND, "legal": True, "origin": seen.origin,
        **{name: entity[name] for name in DIMENSIONS},
        **{name: log[name] for name in ("_topic", "_partition", "_version")},
    })  # fmt: skip
    if seen.origin == "stream":
        key = {
            "hour": moment(at // HOUR * HOUR),
            "service": entity["service"],
            "from_status": step[0],
            "to_status": step[1],
        }
        observed = {"observed": int(spent is not None), "microseconds_in_from": spent or 0}
        loader.measure("request_flow_1h", partition, key, transitions=1, **observed)


def backlog(loader: Loader, partition: int, seen: Seen | None, sign: int, committed_at: int) -> None:
    if seen is None or seen.status in TERMINAL:
        return
    key = {"service": seen.service, "status": seen.status}
    loader.measure("request_backlog", partition, {**key, "assignee_id": seen.assignee_id or 0}, requests=sign)
    loader.measure("request_backlog_1h", partition, {"hour": moment(committed_at // HOUR * HOUR), **key}, requests=sign)


def mirror_row(id_: int, seen: Seen) -> Row:
    return {
        "id": id_, "service_id": seen.service or None, "status": seen.status or "", "author_id": seen.author_id,
        "company_id": seen.company_id, "assignee_id": seen.assignee_id, "expert_id": seen.expert_id,
    }  # fmt: skip


def load_booking(loader: Loader, booking: Booking) -> None:
    partition = booking.id % 2
    row = {
        "booking_id": booking.id, "room_id": booking.room_id, "author_id": booking.author_id,
        "company_id": booking.company_id, "starts_at": moment(booking.starts_at), "ends_at": moment(booking.ends_at),
        "status": booking.status,
        "since": moment(0), "since_observed": False,
    }  # fmt: skip
    loader.rows["bookings"].append(
        {**row, "status": "active", "room_id": 1, **loader.log("booking_booking", partition)}
    )
    loader.rows["bookings"].append({**row, **loader.log("booking_booking", partition, deleted=booking.deleted)})
    loader.rows["booking_booking"].append({
        "id": booking.id, "room_id": booking.room_id, "author_id": booking.author_id, "company_id": booking.company_id,
        "status": booking.status, **loader.log("booking_booking", partition, deleted=booking.deleted),
    })  # fmt: skip
    start, end = booking.starts_at, booking.ends_at
    occupies = not booking.deleted and booking.status != "deactivated" and booking.room_id is not None
    if not occupies or start is None or end is None or not 0 < end - start <= 31 * 24 * HOUR:
        return
    while start < end:
        cut = min(end, (start // HOUR + 1) * HOUR)
        key = {"room_id": booking.room_id, "hour": moment(start // HOUR * HOUR)}
        loader.measure("room_hours", partition, key, booked_microseconds=cut - start, bookings=1)
        start = cut


def load_names(loader: Loader, world: World) -> None:
    dimensions: dict[str, list[Row]] = {
        "service_service": [{"code": code, "title": title} for code, title in world.services.items()],
        "booking_room": [{"id": id_, "name": name} for id_, name in world.rooms.items()],
        "account_user": [{"id": id_} for id_ in world.users],
        "account_company": [{"id": id_} for id_ in world.companies],
    }
    gone: Row = {"code": "gone", "id": 77, "title": {}}
    for table, rows in dimensions.items():
        names = set(mirror_columns(loader.contract.tables[table]))
        key = {name: value for name, value in gone.items() if name in names}
        loader.rows[table] += [{**row, **loader.log(table, 0)} for row in rows]
        loader.rows[table] += [{**key, **loader.log(table, 0)}, {**key, **loader.log(table, 0, deleted=True)}]


def load_operations(loader: Loader, world: World) -> None:
    for state in world.partitions:
        place = {"topic": topic(state.table), "partition": state.number}
        if state.watermark:
            facts = {"next_offset": 9, "lsn": 0, "topic_id": "", "partitions": 4, "source_id": "", "fingerprint": ""}
            loader.rows["watermarks"].append({**place, **facts, "committed_at": moment(state.changed_at or 0)})
        if state.seen_until is not None:
            loader.rows["seen_until"] += [
                {**place, "seen_until": moment(at)} for at in (state.seen_until, state.seen_until - HOUR)
            ]
    for table, reason in world.resync.items():
        loader.rows["resync_required"].append(resync(table, reason, None, 1))
        loader.rows["resync_required"].append(resync("booking_room", "mended", 5, 2))
        loader.rows["resync_required"].append(resync("booking_room", "mended", None, 1))
    for issue in world.issues:
        loader.rows["dq_issues"].append({
            "rule": issue.rule, "entity": issue.entity, "entity_id": issue.entity_id, "detail": "",
            "detected_at": moment(issue.detected_at), "resolved_at": moment(issue.resolved_at),
            "_topic": topic(issue.entity), "_partition": 0, "_version": 5,
        })  # fmt: skip
    for committed_at, domain, table, operation in world.changes:
        key = {
            "minute": moment(committed_at // MINUTE * MINUTE),
            "domain": domain,
            "table": table,
            "operation": operation,
        }
        loader.measure("activity_1m", committed_at % 3, key, changes=1)


def resync(table: str, reason: str, resolved_at: int | None, version: int) -> Row:
    return {
        "table": table, "reason": reason, "command": "", "required_at": moment(1), "resolved_at": moment(resolved_at),
        "_version": version,
    }  # fmt: skip
