"""The one reader behind all viewers: a pulse each tick, the cards that are due, one message for each channel.

Channels that nobody watches are not read. ClickHouse away: viewers are told, ages grow, and the next tick tries again.
Few queries run at once, heavy ones in a lane of their own, and what took long is asked for less often: however many
watch, ClickHouse has the same to do.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from dashboard.channel import Channel, Key
from dashboard.freshness import Pulse, pulse
from dashboard.pages import HEAVY, PAGES, Card
from dashboard.reader import Reads
from dashboard.viewers import Viewer
from sinks.catalogue import Query
from sinks.clickhouse import ClickHouseError, SinkUnavailable, one_line
from sinks.parameters import ParameterError, Value

log = logging.getLogger("techhub.serve")

TICK: Final = 0.5
IDLE: Final = 5.0
"""Seconds between pulses while nobody watches (/healthz wants to know), and between looks for maintenance."""
SPEAK: Final = 1.0
"""Seconds between messages at most: viewers hear of ages though no figure changed."""
LANES: Final = 2
"""Queries at once, beside one heavy one and the pulse."""
CHANNELS: Final = 32
NOTHING: Final = Pulse(float("-inf"), {})


class TooMany(Exception):
    """More different filters are being watched than the page serves."""


class Poller:
    def __init__(self, reads: Reads, catalogue: Mapping[str, Query]) -> None:
        self._reads = reads
        self._catalogue = catalogue
        self._channels: dict[Key, Channel] = {}
        self._woken = asyncio.Event()
        self._news = asyncio.Event()
        self._lane = asyncio.Semaphore(LANES)
        self._heavy_lane = asyncio.Semaphore(1)
        self._reading: set[asyncio.Task[None]] = set()
        self.pulse = NOTHING
        self.away = ""
        """Why ClickHouse cannot be asked; '' while it can."""
        self.maintenance: Any = None
        self._maintenance_at = float("-inf")

    @property
    def watching(self) -> int:
        return sum(len(channel.viewers) for channel in self._channels.values())

    def healthy(self, within: float) -> bool:
        """Whether ClickHouse answered a moment ago."""
        return not self.away and time.monotonic() - self.pulse.asked_at <= within

    # -- viewers ------------------------------------------------------------------------------------------------------

    def join(self, page: str, values: Mapping[str, Value]) -> tuple[Channel, Viewer]:
        """The viewer's first message is the whole picture, as far as it is known."""
        key: Key = (page, tuple(sorted((name, str(value)) for name, value in values.items())))
        channel = self._channels.get(key)
        if channel is None:
            if len(self._channels) >= CHANNELS:
                raise TooMany
            cards = PAGES[page].cards
            tables = {card.name: self._catalogue[card.query].tables for card in cards}
            channel = self._channels[key] = Channel(cards, tables, values)
            self._woken.set()
        viewer = channel.viewers.join()
        viewer.put(channel.message(self.pulse, time.monotonic(), self._state(), whole=True))
        return channel, viewer

    def leave(self, channel: Channel, viewer: Viewer) -> None:
        channel.viewers.leave(viewer)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_reading())
            tasks.create_task(self._keep_telling())

    async def _keep_reading(self) -> None:
        try:
            while True:
                began = time.monotonic()
                self._woken.clear()
                await self.tick()
                spent = time.monotonic() - began
                pause = max((TICK if self._channels else IDLE) - spent, spent)
                with contextlib.suppress(TimeoutError):
                    # not wait_for: before Python 3.12 that forgets a cancellation that comes together with the event
                    async with asyncio.timeout(pause):
                        await self._woken.wait()
        finally:
            for task in self._reading:
                task.cancel()

    async def tick(self) -> None:
        """Feels the pulse and begins to read what is due; what is slow does not hold up the next tick."""
        self._channels = {key: channel for key, channel in self._channels.items() if len(channel.viewers)}
        try:
            await self._feel_pulse()
            await self._see_maintenance()
        except SinkUnavailable as error:
            self._mark_away(str(error))
        except ClickHouseError as error:
            self._mark_away(f"ClickHouse cannot answer, was techhub-cdc migrate run? {one_line(error)}")
        else:
            self.away = ""
            self._begin()

    def _begin(self) -> None:
        for channel in self._channels.values():
            for card in channel.due(self.pulse, time.monotonic()):
                channel.begin(card)
                task = asyncio.create_task(self._read(channel, card))
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)

    async def finished(self) -> None:
        """Waits for what is being read."""
        await asyncio.gather(*self._reading)

    def _mark_away(self, why: str) -> None:
        if not self.away:
            log.warning("figures cannot be read: %s", why)
        self.away = why
        self._news.set()

    async def _feel_pulse(self) -> None:
        query, asked_at = self._catalogue["pulse"], time.monotonic()
        rows = await self._reads.rows(query, {})
        self.pulse = pulse((dict(zip(query.columns, row, strict=True)) for row in rows), asked_at)

    async def _see_maintenance(self) -> None:
        """Whether it is announced; the query is there once somebody can announce it."""
        flag, now = self._catalogue.get("maintenance"), time.monotonic()
        if flag is None or now - self._maintenance_at < IDLE:
            return
        self._maintenance_at = now
        try:
            found = await self._reads.rows(flag, {})
        except ClickHouseError as error:
            log.error("query %s failed: %s", flag.name, one_line(error))
            found = []
        self.maintenance = dict(zip(flag.columns, found[0], strict=True)) if found else None

    async def _read(self, channel: Channel, card: Card) -> None:
        async with self._heavy_lane if card.floor >= HEAVY else self._lane:
            at, began = self.pulse, time.monotonic()
            try:
                query = self._catalogue[card.query]
                found = await self._reads.rows(query, {**channel.values, **card.values})
            except (ClickHouseError, SinkUnavailable, ParameterError) as error:
                log.error("query %s failed: %s", card.query, one_line(error))
                channel.failed(card, began, time.monotonic())
            else:
                places = card.shown(query.columns)
                rows = [[row[place] for place in places] for row in found]
                channel.read(card, at, rows, began, time.monotonic())
        if channel.has_news:
            self._news.set()

    # -- telling ------------------------------------------------------------------------------------------------------

    async def _keep_telling(self) -> None:
        """What is new at once, ages once a second whatever reading does."""
        while True:
            self._news.clear()
            self._tell()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SPEAK):
                    await self._news.wait()

    def _tell(self) -> None:
        now = time.monotonic()
        for channel in self._channels.values():
            channel.viewers.publish(channel.message(self.pulse, now, self._state()))
            channel.told()

    def _state(self) -> dict[str, Any]:
        """What every message says beside its cards. `sent` lets a browser notice messages that were held up."""
        return {"sent": time.time(), "away": bool(self.away), "maintenance": self.maintenance}

    def end(self) -> None:
        for channel in self._channels.values():
            channel.viewers.end()
