"""The HTTP side: requests in, answers as ClickHouse gives them out; a malformed one gets an answer, never a hang."""

import asyncio
import base64
import binascii
import hmac
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from deploy.local.clickhouse.compression import Malformed, TooLarge, decompress
from deploy.local.clickhouse.engine import Answer, Engine
from deploy.local.clickhouse.errors import (
    AUTHENTICATION_FAILED,
    BAD_ARGUMENTS,
    UNKNOWN_EXCEPTION,
    StatementError,
)
from deploy.local.clickhouse.request import read_request

log = logging.getLogger(__name__)

BODY_BYTES = 256 * 1024 * 1024
PLAIN_BYTES = 1024 * 1024 * 1024
BODY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    body_bytes: int = BODY_BYTES
    plain_bytes: int = PLAIN_BYTES
    body_seconds: float = BODY_SECONDS


@dataclass(frozen=True, slots=True)
class Account:
    user: str
    password: str

    def admits(self, user: str, password: str) -> bool:
        same_user = hmac.compare_digest(user.encode(), self.user.encode())
        return hmac.compare_digest(password.encode(), self.password.encode()) and same_user


def application(engine: Engine, account: Account, limits: Limits | None = None) -> web.Application:
    """Serves /ping to everybody, statements to `account`."""
    bounds = limits or Limits()

    async def ping(_: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def statement(http: web.Request) -> web.Response:
        if http.method in ("GET", "HEAD") and not http.query_string:
            return await ping(http)
        authenticate(http, account)
        fields, body = await receive(http, bounds)
        try:
            request = read_request(fields, body, http.headers, safe=http.method in ("GET", "HEAD"))
        except UnicodeEncodeError:
            raise StatementError.refused(BAD_ARGUMENTS, "the address is not UTF-8") from None
        query_id = fields.get("query_id") or str(uuid.uuid4())
        return respond(await engine.run(request), query_id, request.default_format)

    app = web.Application(client_max_size=bounds.body_bytes, middlewares=[errors_as_clickhouse])
    app.router.add_get("/ping", ping)
    app.router.add_route("GET", "/", statement)
    app.router.add_route("POST", "/", statement)
    return app


@web.middleware
async def errors_as_clickhouse(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except StatementError as error:
        return failure(error, error.status)
    except (TooLarge, web.HTTPRequestEntityTooLarge):
        return failure(StatementError.refused(BAD_ARGUMENTS, "the body is larger than this interface takes"), 413)
    except TimeoutError:
        return failure(StatementError.refused(BAD_ARGUMENTS, "the body did not arrive in time"), 408)
    except Malformed as error:
        return failure(StatementError.refused(BAD_ARGUMENTS, str(error)), 400)
    except web.HTTPException as error:
        refusal = StatementError.refused(BAD_ARGUMENTS, f"{request.method} {request.path}: {error.reason}")
        return failure(refusal, error.status)
    except Exception:
        log.exception("a request failed in the interface itself")
        return failure(StatementError.refused(UNKNOWN_EXCEPTION, "the interface failed; its log has the details"), 500)


async def receive(http: web.Request, limits: Limits) -> tuple[dict[str, str], bytes]:
    """Parameters of the address and of a multipart form as one, and the plain body."""
    fields = dict(http.query)
    if (http.content_length or 0) > limits.body_bytes:
        raise TooLarge
    async with asyncio.timeout(limits.body_seconds):
        if http.content_type == "multipart/form-data":
            return fields | await form(http), b""
        body = await http.read()
    encoding = http.headers.get("Content-Encoding", "")
    if encoding in ("", "identity"):
        return fields, body
    return fields, await asyncio.to_thread(decompress, body, encoding, limits.plain_bytes)


async def form(http: web.Request) -> dict[str, str]:
    try:
        received = await http.post()
    except (ValueError, AssertionError, RuntimeError) as error:
        raise Malformed(f"the form cannot be read: {error}") from None
    fields = {name: value for name, value in received.items() if isinstance(value, str)}
    if len(fields) < len(received):
        raise Malformed("the form has files: external tables are not part of this interface")
    return fields


def authenticate(http: web.Request, account: Account) -> None:
    if not account.admits(*credentials(http)):
        raise StatementError.refused(AUTHENTICATION_FAILED, "wrong password, or no such user")


def credentials(http: web.Request) -> tuple[str, str]:
    if "X-ClickHouse-User" in http.headers:
        return http.headers["X-ClickHouse-User"], http.headers.get("X-ClickHouse-Key", "")
    kind, _, encoded = http.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return user, password
    return http.query.get("user", ""), http.query.get("password", "")


def respond(answer: Answer, query_id: str, format_name: str) -> web.Response:
    summary = {
        "read_rows": str(answer.read_rows),
        "written_rows": str(answer.written_rows),
        "written_bytes": str(answer.written_bytes),
    }
    headers = {
        "X-ClickHouse-Summary": json.dumps(summary),
        "X-ClickHouse-Query-Id": header(query_id),
        "X-ClickHouse-Format": header(format_name),
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Server-Display-Name": "embedded",
    }
    return web.Response(body=answer.body, headers=headers, content_type="application/octet-stream")


def header(value: str) -> str:
    """What a client chose must not become a header of its own."""
    return "".join(sign for sign in value if sign.isprintable())[:200]


def failure(error: StatementError, status: int) -> web.Response:
    return web.Response(status=status, text=f"{error}\n", headers={"X-ClickHouse-Exception-Code": str(error.code)})
