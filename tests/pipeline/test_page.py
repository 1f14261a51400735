"""The live page over the whole pipeline: its figures are the source's, it moves by itself, it says when it stands."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages import PAGES
from sinks.catalogue import load_catalogue
from tests.dashboard.browser import Tab, browser, find
from tests.dashboard.site import serving, shown
from tests.pipeline.pipeline import Pipeline, until

CHROMIUM = find()
CATALOGUE = load_catalogue()
STATEMENTS = re.compile(r"^-- (\w+)/(\w+)\n(.*?);\n", re.MULTILINE | re.DOTALL)
EXPECTED = {
    (page, card): sql for page, card, sql in STATEMENTS.findall(Path(__file__).with_name("page.sql").read_text())
}
AGES = {"age_seconds", "oldest_age_seconds", "lifetime_seconds", "avg_lifetime_seconds"}
AGE_SECONDS = 300
"""Between the two reads; what an age is an age of is compared exactly."""
Row = tuple[Any, ...]


def test_every_card_of_these_pages_that_shows_the_source_has_its_sql() -> None:
    of_the_source = {
        (name, card.name)
        for name in {page for page, _ in EXPECTED}
        for card in PAGES[name].cards
        if "pipeline" not in CATALOGUE[card.query].tables and card.shape != "hidden"
    }
    assert EXPECTED.keys() == of_the_source


@pytest.mark.parametrize("page", sorted({page for page, _ in EXPECTED}))
def test_every_figure_is_its_sql_over_postgresql(pipeline: Pipeline, page: str) -> None:
    pipeline.simulate(40, 3, 11)
    pipeline.settle()
    until(lambda: differences(pipeline, page) == [], f"the figures of {page} are PostgreSQL's")


def differences(pipeline: Pipeline, page: str) -> list[str]:
    """Cards whose rows differ; an instant may have passed between the two reads, then it is tried again."""
    found = asyncio.run(figures(pipeline, page))
    with pipeline.source.transaction():
        now = datetime.now(UTC).isoformat()
        pipeline.execute("SELECT set_config('oracle.now', %s, true)", [now])
        return [text for card in PAGES[page].cards if (text := difference(pipeline, page, card, found))]


def difference(pipeline: Pipeline, page: str, card: Any, found: dict[str, Any]) -> str:
    if (sql := EXPECTED.get((page, card.name))) is None:
        return ""
    columns = list(CATALOGUE[card.query].columns)
    names = [columns[place] for place in card.shown(columns)]
    listed = ", ".join(f'"{name}"' for name in names)
    theirs = sorted((plain(row) for row in pipeline.execute(f"SELECT {listed} FROM ({sql}) AS card")), key=str)
    mine = sorted((plain(row) for row in found[card.name]), key=str)
    if len(mine) == len(theirs) and all(
        same(names, a, b) for a, b in zip(by(mine, names), by(theirs, names), strict=True)
    ):
        return ""
    raise AssertionError(f"{card.name} {names}: page {mine[:3]}, source {theirs[:3]} ({len(mine)}, {len(theirs)})")


def by(rows: list[Row], names: list[str]) -> list[Row]:
    """In the order of what is exact: texts, ids, instants."""
    exact = [n for n, name in enumerate(names) if name not in AGES]
    return sorted(rows, key=lambda row: [str(row[n]) for n in exact if not isinstance(row[n], float)])


def same(names: list[str], mine: Row, theirs: Row) -> bool:
    return all(close(name, a, b) for name, a, b in zip(names, mine, theirs, strict=True))


def close(name: str, mine: Any, theirs: Any) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    if name in AGES:
        return bool(abs(mine - theirs) <= AGE_SECONDS)
    if isinstance(mine, float) or isinstance(theirs, float):
        return bool(mine == pytest.approx(theirs, rel=1e-9, abs=1e-6))
    return bool(mine == theirs)


def plain(row: Any) -> Row:
    return tuple(map(value, row))


def value(each: Any) -> Any:
    """Instants in microseconds, days as text, decimals as floats, from either side."""
    if isinstance(each, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", each):
        each = datetime.fromisoformat(each)
    if isinstance(each, datetime):
        return (each - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if isinstance(each, date):
        return each.isoformat()
    return float(each) if isinstance(each, Decimal) else each


async def figures(pipeline: Pipeline, page: str) -> dict[str, Any]:
    async with serving(pipeline.settings) as address:
        return await shown(address, page, len(PAGES[page].cards))


def in_browser(pipeline: Pipeline, directory: Path, look: Callable[[Tab], Coroutine[Any, Any, None]]) -> None:
    """Opens the first page."""

    async def run() -> None:
        assert CHROMIUM is not None
        async with serving(pipeline.settings) as address, browser(CHROMIUM, directory) as new_tab:
            tab = await new_tab()
            await tab.open(f"{address}/?lang=en")
            await tab.until("document.querySelector('#card-backlog_total dd')")
            await look(tab)
            assert tab.errors == []

    asyncio.run(run())


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
@pytest.mark.unproven
def test_a_request_shows_by_itself_and_a_stopped_worker_turns_the_page_stale(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    open_requests = (
        "Number(document.querySelector('#card-backlog_total [data-key=requests] dd').textContent.replace(/\\D/g, ''))"
    )
    fresh = "document.querySelector('#card-backlog_total:is([data-state=fresh], [data-state=behind])')"
    stale = "document.querySelector('#card-backlog_total[data-state=stale]')"

    async def look(tab: Tab) -> None:
        await tab.until(f"{fresh} && {open_requests} >= 0")
        before = await tab.run(open_requests)
        (service,) = pipeline.execute("SELECT code FROM service_service ORDER BY code LIMIT 1")[0]
        (author,) = pipeline.execute("SELECT id FROM account_user ORDER BY id LIMIT 1")[0]
        now = datetime.now(UTC)
        columns = {"data": "{}", "created_at": now, "updated_at": now}
        pipeline.insert("service_servicerequest", service_id=service, author_id=author, status="sent", **columns)
        await tab.until(f"{open_requests} === {before + 1}")
        await asyncio.to_thread(pipeline.worker.stop)
        try:
            await tab.until(stale)
            text = await tab.run("document.body.innerText")
            assert "figures are stale" in text.lower() and "shown as of" in text
        finally:
            pipeline.worker.start()
        await asyncio.to_thread(pipeline.settle)
        await tab.until(fresh)

    in_browser(pipeline, tmp_path, look)
