"""Every page in a real browser, in three languages, light and dark, on a phone, a laptop and a wall.

Skipped where there is no Chromium: `apt-get install chromium` (Debian, Ubuntu) brings one.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest

from dashboard.pages import PAGES
from schemas.settings import Settings
from tests.dashboard.browser import Tab, browser, find
from tests.dashboard.site import serving

CHROMIUM = find()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
AXE = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
LOADED = "document.querySelector('.card') && !document.querySelector('.card[data-state=loading]')"
LABELS = "people: {1: Айгүл С.}\nrooms: {1: Алатау, 2: Байконур}\n"
SIZES = ((390, 844), (1440, 900), (1920, 1080), (1440, 900))
"""Phone, laptop, wall: one more than there are languages, so that each meets each."""
PLANTED = "document.querySelector('h2').style.color = '#ddd'; document.querySelector('main').append(new Image()); 1"


@asynccontextmanager
async def opened(settings: Settings, directory: Path) -> AsyncIterator[tuple[Tab, str]]:
    labels = directory / "labels.yaml"
    labels.write_text(LABELS, encoding="utf-8")
    admin = "https://admin.example/{app}/{model}/{id}/change/"
    assert CHROMIUM is not None
    async with (
        serving(settings, labels=labels, admin_url=admin) as address,
        browser(CHROMIUM, directory) as new_tab,
    ):
        yield await new_tab(), address


async def serious(tab: Tab) -> list[tuple[str, str]]:
    """What axe finds that keeps somebody out."""
    await tab.run(f"{AXE}; 1")
    found = await tab.run("axe.run({resultTypes: ['violations']}).then((result) => JSON.stringify(result.violations))")
    return [
        (each["id"], node["html"][:200])
        for each in json.loads(found)
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


LOOKS = r"""({
    states: [...new Set([...document.querySelectorAll('.card')].map((card) => card.dataset.state))],
    wider: document.documentElement.scrollWidth - innerWidth,
    untold: document.body.innerText.match(/\b(value|age|page|empty|unit|filter)\.\w+/g) ?? [],
    broken: document.body.innerText.match(/undefined|NaN|\[object/g) ?? [],
})"""


def test_every_page_fits_says_everything_and_keeps_nobody_out(fresh: Settings, tmp_path: Path) -> None:
    async def visit() -> None:
        async with opened(fresh, tmp_path) as (tab, address):
            looked = zip(itertools.cycle(("ru", "kk", "en")), itertools.cycle(SIZES), strict=False)
            for page, theme in itertools.product(PAGES, ("light", "dark")):
                language, (width, height) = next(looked)
                where = f"{page} {language} {theme} {width}"
                await tab.size(width, height, phone=width < 500)
                await tab.open(f"{address}/{path(page)}?lang={language}&theme={theme}")
                await tab.until(LOADED)
                found = await tab.run(LOOKS)
                assert set(found.pop("states")) <= {"fresh", "behind", "stale"}, where
                assert found == {"wider": 0, "untold": [], "broken": []}, where
                assert await serious(tab) == [], where
                assert tab.errors == [], where

    asyncio.run(visit())


def test_a_number_leads_to_its_rows_and_a_row_to_the_application(fresh: Settings, tmp_path: Path) -> None:
    async def visit() -> None:
        async with opened(fresh, tmp_path) as (tab, address):
            await tab.open(f"{address}/?lang=en")
            await tab.until("document.querySelector('.backlog td.main a')")
            number = "document.querySelector('.backlog td.main a')"
            waiting = int(await tab.run(f"{number}.textContent"))
            await tab.run(f"{number}.click()")
            await tab.until("document.querySelectorAll('#card-requests_open tbody tr').length")
            assert "services=" in await tab.run("location.search") and "lang=en" in await tab.run("location.search")
            assert await tab.run("document.querySelectorAll('#card-requests_open tbody tr').length") == waiting
            link = await tab.run("document.querySelector('#card-requests_open tbody a').href")
            assert link.startswith("https://admin.example/service/servicerequest/")
            await tab.run(PLANTED)
            assert {name for name, _ in await serious(tab)} == {"color-contrast", "image-alt"}, "what looks must see"

    asyncio.run(visit())


def test_a_filter_is_in_the_address_and_back_undoes_it(fresh: Settings, tmp_path: Path) -> None:
    rows = "document.querySelectorAll('.backlog tbody tr').length"

    async def visit() -> None:
        async with opened(fresh, tmp_path) as (tab, address):
            await tab.open(f"{address}/")
            await tab.until(f"{rows} > 1 && document.querySelectorAll('#filter-services option').length > 1")
            before = await tab.run(rows)
            service = await tab.run(
                "new URL(document.querySelector('.backlog td.main a').href).searchParams.get('services')"
            )
            choose = f"const field = document.getElementById('filter-services'); field.value = '{service}';"
            await tab.run(f"{choose} field.dispatchEvent(new Event('change')); 1")
            await tab.until(f"location.search === '?services={service}' && {rows} === 1")
            await tab.run("history.back()")
            await tab.until(f"location.search === '' && {rows} === {before}")
            assert tab.errors == []

    asyncio.run(visit())


def test_a_server_that_falls_silent_makes_every_card_stale(fresh: Settings, tmp_path: Path) -> None:
    async def visit() -> None:
        assert CHROMIUM is not None
        async with browser(CHROMIUM, tmp_path) as new_tab:
            async with serving(fresh) as address:
                tab = await new_tab()
                await tab.open(f"{address}/rooms?lang=en")
                await tab.until(LOADED)
            await tab.until(
                "![...document.querySelectorAll('.card')].some((card) => card.dataset.state !== 'stale')", 60
            )
            text = await tab.run("document.body.innerText")
            assert "figures are stale" in text and "No connection to the server" in text
            assert "stale ·" in text and "shown as of" in text
            assert (await tab.run("document.title")).startswith("⚠")
            assert await tab.run("document.getElementById('speech').textContent") == "figures are stale"

    asyncio.run(visit())


def path(page: str) -> str:
    return "" if page == "operations" else page
