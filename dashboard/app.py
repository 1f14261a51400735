"""The live page as a web application: documents, one stream of server-sent events a viewer, `/healthz`.

`application(...)` is everything but the socket; `metrics` and others add routes to what it returns before it starts.
Read-only: the only thing that is ever posted is the token.
"""

import asyncio
import contextlib
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from aiohttp import web

from dashboard.address import LANGUAGES, THEMES, AddressError, filters
from dashboard.guard import COOKIE, LOGIN, Guard, add_headers
from dashboard.labels import LabelsError, load_labels
from dashboard.login import form
from dashboard.pages import PAGES
from dashboard.poller import Poller, TooMany
from dashboard.shell import STALE_SECONDS, Shell
from sinks.catalogue import Query

STATIC: Final = Path(__file__).with_name("static")
BODY_BYTES: Final = 4096
"""Of the only form there is."""
WRITE_SECONDS: Final = 15.0
SEND_BYTES: Final = 1 << 16
"""What the kernel holds for one stream. Left alone it takes megabytes for who reads nothing, for minutes."""
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
STREAM: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # a proxy must not hold events back
}
POLLER: Final = web.AppKey("poller", Poller)


def application(
    poller: Poller, shell: Shell, catalogue: Mapping[str, Query], guard: Guard, *, labels: Path | None, viewers: int
) -> web.Application:
    app = web.Application(middlewares=guard.middlewares(), client_max_size=BODY_BYTES)
    app[POLLER] = poller
    site = Site(poller, shell, catalogue, guard, labels, viewers)
    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(polling)
    app.on_shutdown.append(end_streams)
    app.router.add_get("/", site.home)
    app.router.add_get("/healthz", site.health)
    app.router.add_get("/stream/{page}", site.stream)
    app.router.add_get("/static/{name}", site.static)
    app.router.add_get(LOGIN, site.ask)
    app.router.add_post(LOGIN, site.login)
    app.router.add_get("/{page}", site.page)
    return app


async def polling(app: web.Application) -> AsyncIterator[None]:
    """Reads while the application runs; a poller that ends by itself ends the application."""
    task = asyncio.create_task(app[POLLER].run())

    def ended(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and done.exception() is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "the poller ended", "exception": done.exception()}
            )

    task.add_done_callback(ended)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def end_streams(app: web.Application) -> None:
    """Open streams would hold up the end."""
    app[POLLER].end()


class Site:
    def __init__(
        self,
        poller: Poller,
        shell: Shell,
        catalogue: Mapping[str, Query],
        guard: Guard,
        labels: Path | None,
        viewers: int,
    ) -> None:
        self._poller = poller
        self._shell = shell
        self._catalogue = catalogue
        self._guard = guard
        self._labels = labels
        self._viewers = viewers
        self._static = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in TYPES}
        self._tags = {name: f'"{hashlib.sha256(body).hexdigest()[:16]}"' for name, body in self._static.items()}

    async def home(self, request: web.Request) -> web.Response:
        return await self._document(request, "operations")

    async def page(self, request: web.Request) -> web.Response:
        page = request.match_info["page"]
        if page not in PAGES:
            raise web.HTTPNotFound(text="there is no such page\n")
        return await self._document(request, page)

    async def _document(self, request: web.Request, page: str) -> web.Response:
        try:
            labels = await asyncio.to_thread(load_labels, self._labels)
        except LabelsError as error:
            return web.Response(status=500, text=f"{error}\n")
        text = self._shell.document(page, language(request), theme(request), labels)
        return web.Response(text=text, content_type="text/html", charset="utf-8")

    async def static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        body = self._static.get(name)
        if body is None:
            raise web.HTTPNotFound(text="there is no such file\n")
        headers = {"ETag": self._tags[name], "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == self._tags[name]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=TYPES[Path(name).suffix], charset="utf-8", headers=headers)

    async def health(self, _request: web.Request) -> web.Response:
        """200 while ClickHouse answers; whether figures are fresh is another question, see `status`."""
        healthy = self._poller.healthy(STALE_SECONDS)
        body = {"healthy": healthy, "viewers": self._poller.watching}
        return web.json_response(body, status=200 if healthy else 503, dumps=json.dumps)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        page = request.match_info["page"]
        if page not in PAGES:
            raise web.HTTPNotFound(text="there is no such page\n")
        if self._poller.watching >= self._viewers:
            return web.Response(status=503, text="too many viewers\n")
        try:
            channel, viewer = self._poller.join(page, filters(page, request.query.items(), self._catalogue))
        except AddressError as error:
            return web.Response(status=400, text=f"{error}\n")
        except TooMany:
            return web.Response(status=503, text="too many different filters are being watched\n")
        response = web.StreamResponse(headers=STREAM)
        try:
            hold_little(request)
            await response.prepare(request)
            while (message := await viewer.next()) is not None:
                async with asyncio.timeout(WRITE_SECONDS):
                    await response.write(message)
        except (TimeoutError, ConnectionError):
            viewer.end()
        finally:
            self._poller.leave(channel, viewer)
        if viewer.cut and request.transport is not None:
            request.transport.abort()
        return response

    # -- the token ----------------------------------------------------------------------------------------------------

    async def ask(self, request: web.Request) -> web.Response:
        if not self._guard.token:
            raise web.HTTPSeeOther("/")
        return form(self._shell.words(language(request)), language(request))

    async def login(self, request: web.Request) -> web.Response:
        given = (await request.post()).get("token", "")
        if not self._guard.token or not isinstance(given, str) or not self._guard.is_token(given):
            return form(self._shell.words(language(request)), language(request), wrong=True)
        answer = web.Response(status=303, headers={"Location": "/"})
        secure = request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
        answer.set_cookie(
            COOKIE, self._guard.session, httponly=True, samesite="Lax", secure=secure, max_age=30 * 24 * 3600
        )
        return answer


def hold_little(request: web.Request) -> None:
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)


def language(request: web.Request) -> str:
    asked = request.query.get("lang", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def theme(request: web.Request) -> str:
    asked = request.query.get("theme", "")
    return asked if asked in THEMES else THEMES[0]
