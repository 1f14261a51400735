"""What a worker answers over HTTP: `/metrics`, `/healthz` (alive) and `/readyz` (assigned, able to write).

It runs in the event loop that does the work, so an answer proves that the loop turns. On a loopback address it answers
to local names only; on another one, which the settings allow with a token alone, `/metrics` asks for it. The other two
say nothing but words about state. Read only, no bodies, few clients.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from schemas.settings import LOOPBACK, Settings
from streams.agents.health import Health

log = logging.getLogger("techhub.endpoint")
CLIENTS: Final = 32
RETRY_SECONDS: Final = 2.0
Reply = Awaitable[web.StreamResponse]


class Endpoint:
    def __init__(self, settings: Settings, registry: CollectorRegistry, health: Health) -> None:
        self.host = settings.metrics_host
        self.port = settings.metrics_port
        self.token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
        self.registry = registry
        self.health = health
        app = web.Application(middlewares=[self.guard], client_max_size=1024)
        app.add_routes([web.get("/metrics", self.metrics), web.get("/healthz", alive), web.get("/readyz", self.ready)])
        self.runner = web.AppRunner(app, access_log=None, handle_signals=False, keepalive_timeout=30)

    async def start(self) -> None:
        """Returns when it listens. A port that is taken is no reason not to work: it is tried again."""
        await self.runner.setup()
        told = False
        while True:
            try:
                await web.TCPSite(self.runner, self.host, self.port, backlog=CLIENTS).start()
                break
            except OSError as error:
                if not told:
                    log.error("TECHHUB_METRICS_PORT %s is not free, trying again until it is: %s", self.port, error)
                told = True
                await asyncio.sleep(RETRY_SECONDS)
        log.info("metrics and health at http://%s:%s", self.host, self.port)

    @web.middleware
    async def guard(self, request: web.Request, handler: Callable[[web.Request], Reply]) -> web.StreamResponse:
        local = self.host in LOOPBACK
        if local and request.url.host not in LOOPBACK:
            return web.Response(status=421, text="expected a local name in Host\n")
        if self.runner.server is not None and len(self.runner.server.connections) > CLIENTS:
            return web.Response(status=503, text="too many clients\n", headers={"Connection": "close"})
        answer = await handler(request)
        answer.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
        return answer

    async def metrics(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        if self.token and not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return web.Response(status=401, text="expected the token\n", headers={"WWW-Authenticate": "Bearer"})
        return web.Response(body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def ready(self, request: web.Request) -> web.Response:
        reasons = self.health.reasons()
        return web.Response(status=503 if reasons else 200, text="\n".join(reasons or ["ready"]) + "\n")


async def alive(request: web.Request) -> web.Response:
    return web.Response(text="alive\n")
