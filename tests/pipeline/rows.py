"""Rows of the source as a test writes them, and what the pipeline made of them."""

from datetime import UTC, datetime
from typing import Any, Final

from tests.pipeline.pipeline import Pipeline

REQUESTS: Final = "service_servicerequest"
BOOKINGS: Final = "booking_booking"


def add_request(pipeline: Pipeline, status: str, **values: Any) -> int:
    service, author = pipeline.execute("SELECT min(code), (SELECT min(id) FROM account_user) FROM service_service")[0]
    now = datetime.now(UTC)
    row = {"service_id": service, "author_id": author, "data": "{}", "created_at": now, "updated_at": now}
    return pipeline.insert(REQUESTS, status=status, **{**row, **values})


def add_booking(pipeline: Pipeline, start: Any, end: Any, room: int | None = None) -> int:
    first, author = pipeline.execute("SELECT min(id), (SELECT min(id) FROM account_user) FROM booking_room")[0]
    now = datetime.now(UTC)
    row = {"author_id": author, "start": start, "end": end, "created_at": now, "updated_at": now}
    return pipeline.insert(BOOKINGS, room_id=room or first, status="active", **row)


def move(pipeline: Pipeline, table: str, number: int, status: str) -> None:
    pipeline.execute(f"UPDATE {table} SET status = %s, updated_at = now() WHERE id = %s", [status, number])


def facts(pipeline: Pipeline, number: int) -> list[tuple[str, str, bool]]:
    sql = "SELECT from_status, to_status, legal FROM request_transitions FINAL WHERE request_id = {id:Int64}"
    return [(a, b, bool(c)) for a, b, c in pipeline.query(f"{sql} ORDER BY _version", {"id": number})]
