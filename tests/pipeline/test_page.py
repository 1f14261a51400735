"""The live page over the whole pipeline: its figures are the source's, it moves by itself, it says when it stands."""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages import PAGES, Card
from dashboard.shell import STALE_SECONDS
from deploy.local.source.simulate import Simulator
from deploy.local.source.simulate.actions import WEIGHTS
from sinks.catalogue import load_catalogue
from tests.dashboard.browser import Tab, browser, find
from tests.dashboard.site import serving, shown
from tests.pipeline.oracle import assert_same, plain, plain_value
from tests.pipeline.pipeline import Pipeline, until
from tests.pipeline.rows import add_booking, add_request

CHROMIUM = find()
CATALOGUE = load_catalogue()
STATEMENTS = re.compile(r"^-- (\w+)/(\w+)\n(.*?);\n", re.MULTILINE | re.DOTALL)
EXPECTED = {
    (page, card): sql for page, card, sql in STATEMENTS.findall(Path(__file__).with_name("page.sql").read_text())
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT.*Z")
AGE_SECONDS = 30
"""Between the two reads, while a page of many cards is read."""
GROWING = ("create_content", "moderate_content", "join_event", "apply_for_vacancy", "enrol_student", "end_study")
LIVELY = dict.fromkeys(WEIGHTS, 1.0) | dict.fromkeys(GROWING, 6.0)
"""Some of everything, and more of what comes than of what goes, so that every card has something to show."""
TRANSACTIONS = 1_000
COURSES = (
    "INSERT INTO techorda_school (name, bin, address, phone, author_id, status, created_at) "
    "SELECT name, bin, address, phone, author_id, status, created_at FROM techorda_school ORDER BY id LIMIT 1",
    "INSERT INTO techorda_course (title, description, flow_id, school_id, status, price, created_at) "
    "SELECT t.title, description, f.id, s.id, c.status, price, c.created_at FROM techorda_flow AS f, "
    "techorda_school AS s, (SELECT * FROM techorda_course ORDER BY id LIMIT 1) AS c, "
    """(VALUES (jsonb '{}'), ('{"ru": "", "kk": "50 % өнер"}'), ('{"en": "Only this"}')) AS t (title)""",
)
"""Nobody files these: for every school and flow one without a title, and two with one language of three."""
SHOWN_SECONDS = 10.0
"""From a commit to its figure in the browser; 0.5 to 1.4 s on two cores, and a machine may be busy."""
WRONG = {
    ("content", "content_backlog"): "UPDATE core_blog SET status = 'sent' WHERE status != 'sent'",
    ("vacancies", "vacancy_market"): "UPDATE core_vacancy SET salary_min = 1 + salary_min WHERE published",
    ("techorda", "techorda_schools"): "UPDATE techorda_school SET company_id = 1 + coalesce(company_id, 0)",
    ("operations", "reviewer_load"): "UPDATE service_servicerequest SET expert_id = author_id WHERE expert_id IS NULL",
}
"""Changes that the page has not seen, and the card that is wrong then."""
OPEN_REQUESTS = (
    "Number(document.querySelector('#card-backlog_total [data-key=requests] dd').textContent.replace(/\\D/g, ''))"
)
FRESH = "document.querySelector('#card-backlog_total:is([data-state=fresh], [data-state=behind])')"
STALE = "document.querySelector('#card-backlog_total[data-state=stale]')"


@pytest.fixture(scope="module")
def lively(pipeline: Pipeline) -> Pipeline:
    """Settled after some of every kind of transaction, with more courses, and a room that is booked twice now."""
    for sql in COURSES:
        pipeline.execute(sql)
    with Simulator(pipeline.dsn, 11, ledger=pipeline.ledger, weights=LIVELY) as simulator:
        simulator.run(transactions=TRANSACTIONS)
    now, hour = datetime.now(UTC), timedelta(hours=1)
    for _ in range(2):
        add_booking(pipeline, now - hour, now + hour)
    pipeline.settle()
    return pipeline


def test_every_card_that_shows_the_source_has_its_sql() -> None:
    of_the_source = {
        (name, card.name)
        for name, page in PAGES.items()
        for card in page.cards
        if "pipeline" not in CATALOGUE[card.query].tables and card.shape != "hidden"
    }
    assert EXPECTED.keys() == of_the_source


@pytest.mark.parametrize("page", sorted({page for page, _ in EXPECTED}))
def test_every_figure_is_its_sql_over_postgresql(lively: Pipeline, page: str) -> None:
    until(lambda: compare(lively, page), f"the figures of {page} are PostgreSQL's")


@pytest.mark.parametrize(("card", "change"), WRONG.items(), ids=[card for _, card in WRONG])
def test_the_comparison_notices_one_change(lively: Pipeline, card: tuple[str, str], change: str) -> None:
    """What shows nothing when something is wrong would be worth nothing."""
    page, name = card
    with lively.source.transaction(force_rollback=True):
        lively.execute(change)
        with pytest.raises(AssertionError, match=rf"^(\(')?{name}\b"):
            compare(lively, page)


def compare(pipeline: Pipeline, page: str) -> int:
    """How many cards are the same, else raises; an instant may have passed between the two reads: try again."""
    found = asyncio.run(figures(pipeline, page))
    cards = [card for card in PAGES[page].cards if (page, card.name) in EXPECTED]
    with pipeline.source.transaction():
        pipeline.execute("SELECT set_config('oracle.now', %s, true)", [datetime.now(UTC).isoformat()])
        for card in cards:
            compare_card(pipeline, card, EXPECTED[page, card.name], found[card.name])
    return len(cards)


def compare_card(pipeline: Pipeline, card: Card, sql: str, rows: list[list[Any]]) -> None:
    columns = list(CATALOGUE[card.query].columns)
    names = [columns[place] for place in card.shown(columns)]
    listed = ", ".join(f'"{name}"' for name in names)
    source = [plain(row) for row in pipeline.execute(f"SELECT {listed} FROM ({sql}) AS card")]
    assert source, f"{card.name}: nothing to show"
    assert_same(card.name, names, [tuple(map(value, row)) for row in rows], source, AGE_SECONDS)


def value(shown: Any) -> Any:
    """Instants as the oracle has them."""
    if isinstance(shown, str) and INSTANT.fullmatch(shown):
        return plain_value(datetime.fromisoformat(shown))
    return shown


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
def test_a_request_shows_by_itself_and_a_stopped_worker_turns_the_page_stale(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    pipeline.settle()

    async def look(tab: Tab) -> None:
        await tab.until(f"{FRESH} && {OPEN_REQUESTS} >= 0")
        # the quickest of some, for other work on the machine makes any of them late
        assert min([await seconds_until_shown(tab, pipeline) for _ in range(5)]) <= SHOWN_SECONDS
        await asyncio.to_thread(pipeline.worker.stop)
        try:
            await tab.until(STALE, 2 * STALE_SECONDS)
            text = await tab.run("document.body.innerText")
            assert "figures are stale" in text.lower() and "shown as of" in text
        finally:
            pipeline.worker.start()
        await asyncio.to_thread(pipeline.settle)
        await tab.until(FRESH)

    in_browser(pipeline, tmp_path, look)


async def seconds_until_shown(tab: Tab, pipeline: Pipeline) -> float:
    """From the commit of one more open request."""
    before = await tab.run(OPEN_REQUESTS)
    await asyncio.to_thread(add_request, pipeline, "sent")
    committed = time.monotonic()
    await tab.until(f"{OPEN_REQUESTS} === {before + 1}")
    return time.monotonic() - committed
