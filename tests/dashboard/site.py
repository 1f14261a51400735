"""The page as `techhub-cdc serve` runs it, in a thread of its own or in the test's loop."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from dashboard.reader import Reader
from ops.serve import address_of, guard_for, listen, page, started_on
from schemas.settings import Settings
from tests.patience import SECONDS


@asynccontextmanager
async def serving(settings: Settings, **changes: Any) -> AsyncIterator[str]:
    """The address of a page with these settings, without its last slash."""
    settings = settings.model_copy(update={"serve_port": 0, **changes})
    reader = Reader(settings)
    app = page(settings, guard_for(settings), reader)
    listening = listen(settings)
    runner = await started_on(app, listening)
    try:
        yield address_of(listening).rstrip("/")
    finally:
        await runner.cleanup()
        await reader.close()


@asynccontextmanager
async def watching(address: str, page: str, query: str = "") -> AsyncIterator[AsyncIterator[Mapping[str, Any]]]:
    """The messages of a stream."""
    patience = aiohttp.ClientTimeout(total=None, sock_read=SECONDS)
    async with (
        aiohttp.ClientSession(timeout=patience, connector=aiohttp.TCPConnector(limit=0)) as session,
        session.get(f"{address}/stream/{page}{query}") as answer,
    ):
        assert answer.status == 200, await answer.text()
        yield _messages(answer)


async def _messages(answer: aiohttp.ClientResponse) -> AsyncIterator[Mapping[str, Any]]:
    """Server-sent events may be longer than what a line reader takes."""
    held = b""
    async for chunk in answer.content.iter_any():
        held += chunk
        while b"\n\n" in held:
            event, _, held = held.partition(b"\n\n")
            yield json.loads(event.removeprefix(b"data: "))


async def shown(address: str, page: str, cards: int, query: str = "", seconds: float = SECONDS) -> dict[str, Any]:
    """Rows by card, when `cards` of them have come."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(seconds), watching(address, page, query) as messages:
        async for message in messages:
            for name, card in message["cards"].items():
                assert not card["failed"], name
                found[name] = card["rows"]
            if len(found) >= cards:
                return found
    raise AssertionError("the stream ended")


__all__ = ["serving", "shown", "watching"]
