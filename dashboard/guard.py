"""Who may ask what: the Host header, the token, the headers of every answer, and errors that say nothing of the inside.

The page listens on loopback. On another address it wants a token (asked for once by a form, kept as a cookie that does
not contain it; or `Authorization: Bearer`), or the operators' word that a proxy in front asks people in.
"""

import hashlib
import hmac
import ipaddress
import logging
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

log = logging.getLogger("techhub.serve")

COOKIE: Final = "techhub_session"
LOGIN: Final = "/login"
OPEN: Final = (LOGIN, "/healthz", "/static/")
"""What is answered without the token: no figure is in it."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """`hosts`: names and addresses by which the page may be asked for; `token`: '' asks nobody."""

    hosts: frozenset[str]
    token: str = ""

    def knows_host(self, host: str) -> bool:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        return name.strip("[]").lower() in self.hosts

    @property
    def session(self) -> str:
        """What the cookie holds: proves the token, does not contain it."""
        return hmac.new(self.token.encode(), b"techhub-cdc live page", hashlib.sha256).hexdigest()

    def admits(self, request: web.Request) -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.is_token(given.strip()):
            return True
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self.session.encode())

    def is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def middlewares(self) -> list[Middleware]:
        """In the order in which they see a request."""

        @web.middleware
        async def only_known_hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self.knows_host(request.headers.get("Host", "")):
                return web.Response(status=421, text="unknown host: add it to TECHHUB_SERVE_HOSTS\n")
            return await handler(request)

        @web.middleware
        async def only_who_may(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self.token and not request.path.startswith(OPEN) and not self.admits(request):
                if request.path.startswith(("/stream", "/metrics")) or request.method not in ("GET", "HEAD"):
                    return web.Response(status=401, text="a token is needed\n")
                raise web.HTTPSeeOther(LOGIN)
            return await handler(request)

        return [silent, only_known_hosts, only_who_may]


@web.middleware
async def silent(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A defect is logged with its place; whoever asked reads one sentence."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except (ConnectionError, TimeoutError):
        return web.Response(status=503, text="the connection was too slow\n")
    except Exception:
        log.exception("a request to %s failed", request.path)
        return web.Response(status=500, text="the page failed; its log has the details\n")


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For every answer, streams and errors too."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
