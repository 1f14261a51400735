"""What an HTTP request asks for: address, form fields and body in, a `Request` out. No I/O.

ClickHouse reads the `query` parameter and the body as one text, so an INSERT may stand in either, its rows behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local.clickhouse.statement import Statement, read_statement

TRANSPORT = frozenset(
    [
        "query",
        "database",
        "user",
        "password",
        "session_id",
        "session_timeout",
        "session_check",
        "query_id",
        "quota_key",
        "role",
        "compress",
        "decompress",
        "buffer_size",
        "wait_end_of_query",
        "client_protocol_version",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "enable_http_compression",
        "default_format",
        "close_session",
        "stacktrace",
    ]
)
"""Parameters that belong to the interface; every other one is a setting of the statement."""

DEFAULT_FORMAT = "TabSeparated"


@dataclass(frozen=True, slots=True)
class Request:
    statement: Statement
    database: str
    default_format: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


def read_request(fields: Mapping[str, str], body: bytes, headers: Mapping[str, str], *, safe: bool) -> Request:
    """`safe`: the method promises to change nothing (GET), so neither may the statement."""
    query = fields.get("query", "").encode()
    text = query + b"\n" + body if query and body else query or body
    settings = {name: value for name, value in fields.items() if name not in TRANSPORT and name[:6] != "param_"}
    if safe:
        settings["readonly"] = "2"
    return Request(
        statement=read_statement(text),
        database=fields.get("database") or headers.get("X-ClickHouse-Database") or "default",
        default_format=fields.get("default_format") or headers.get("X-ClickHouse-Format") or DEFAULT_FORMAT,
        parameters={name[6:]: value for name, value in fields.items() if name[:6] == "param_"},
        settings=settings,
    )
