"""Who may ask what: refused addresses, hosts and tokens, and what every answer carries."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from dashboard.app import application
from dashboard.guard import Guard
from dashboard.poller import Poller
from dashboard.reader import Rows
from dashboard.shell import Shell
from ops.serve import guard_for
from schemas.errors import Usage
from schemas.lifecycles import load_lifecycles
from schemas.settings import Settings, SettingsError, load
from sinks.catalogue import Query, load_catalogue
from sinks.clickhouse import SinkUnavailable
from sinks.parameters import Value

CATALOGUE = load_catalogue()
TOKEN = "a-token-that-nobody-guesses"
LOOPBACK = frozenset({"127.0.0.1", "localhost"})

Client = TestClient  # type: ignore[type-arg]


class Away:
    """No ClickHouse at all."""

    async def rows(self, query: Query, values: Mapping[str, Value]) -> Rows:
        raise SinkUnavailable("away")


def asked(guard: Guard, ask: Callable[[Client], Awaitable[None]]) -> None:
    """Runs `ask` with a client of the page."""

    async def run() -> None:
        shell = Shell(CATALOGUE, load_lifecycles(), zone="Asia/Almaty", admin_url=None)
        app = application(Poller(Away(), CATALOGUE), shell, CATALOGUE, guard, labels=None, viewers=5)
        async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
            await ask(client)

    asyncio.run(run())


def test_every_answer_forbids_scripts_from_elsewhere_frames_and_guessing() -> None:
    async def ask(client: Client) -> None:
        for path in ("/", "/rooms", "/nothing", "/static/page.js", "/static/nothing", "/healthz", "/stream/nothing"):
            answer = await client.get(path)
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in policy
            assert "Server" not in answer.headers

    asked(Guard(LOOPBACK), ask)


def test_a_name_that_is_not_ours_is_refused() -> None:
    async def ask(client: Client) -> None:
        for host, status in (("evil.example", 421), ("localhost:1", 200), ("127.0.0.1", 200), ("", 421)):
            assert (await client.get("/", headers={"Host": host})).status == status, host

    asked(Guard(LOOPBACK), ask)


def test_with_a_token_figures_are_for_those_who_know_it() -> None:
    async def ask(client: Client) -> None:
        assert (await client.get("/", allow_redirects=False)).headers["Location"] == "/login"
        assert (await client.get("/stream/operations")).status == 401
        assert (await client.get("/healthz")).status == 503
        for wrong in ("", "wrong", f"{TOKEN}x"):
            answer = await client.post("/login", data={"token": wrong}, allow_redirects=False)
            assert (answer.status, "Set-Cookie" in answer.headers) == (401, False)
        answer = await client.post("/login", data={"token": TOKEN}, allow_redirects=False)
        assert answer.status == 303
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite" in cookie and TOKEN not in cookie
        assert (await client.get("/", allow_redirects=False)).status == 200

    asked(Guard(LOOPBACK, TOKEN), ask)


def test_a_program_gives_the_token_in_a_header() -> None:
    async def ask(client: Client) -> None:
        for given, status in ((f"Bearer {TOKEN}", 200), ("Bearer wrong", 303), (TOKEN, 303), ("Basic eDp4", 303)):
            answer = await client.get("/rooms", headers={"Authorization": given}, allow_redirects=False)
            assert answer.status == status, given

    asked(Guard(LOOPBACK, TOKEN), ask)


def test_nothing_is_written() -> None:
    async def ask(client: Client) -> None:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert (await client.request(method, "/rooms")).status == 405

    asked(Guard(LOOPBACK), ask)


def test_a_large_body_is_refused() -> None:
    async def ask(client: Client) -> None:
        assert (await client.post("/login", data={"token": "x" * 10_000})).status == 413

    asked(Guard(LOOPBACK, TOKEN), ask)


def test_a_defect_shows_no_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("secret place")

    monkeypatch.setattr(Shell, "document", broken)

    async def ask(client: Client) -> None:
        answer = await client.get("/rooms")
        text = await answer.text()
        assert answer.status == 500 and "secret" not in text and "Traceback" not in text

    asked(Guard(LOOPBACK), ask)


def test_without_clickhouse_the_page_opens_and_health_says_no() -> None:
    async def ask(client: Client) -> None:
        assert (await client.get("/")).status == 200
        assert (await client.get("/healthz")).status == 503

    asked(Guard(LOOPBACK), ask)


def test_more_viewers_than_allowed_are_refused() -> None:
    async def ask(client: Client) -> None:
        streams = [await client.get("/stream/operations") for _ in range(5)]
        assert [stream.status for stream in streams] == [200] * 5
        assert (await client.get("/stream/operations")).status == 503
        for stream in streams:
            stream.close()

    asked(Guard(LOOPBACK), ask)


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("period=week", "filter period: expected one of 1d, 7d, 30d, 90d"),
        ("statuses=" + "x" * 2000, "filter statuses: expected at most"),
        ("services=a%00b", "filter services: expected at most"),
    ],
)
def test_a_filter_that_does_not_fit_is_named(query: str, complaint: str) -> None:
    async def ask(client: Client) -> None:
        answer = await client.get(f"/stream/operations?{query}")
        assert answer.status == 400 and complaint in await answer.text()

    asked(Guard(LOOPBACK), ask)


def settings(**values: object) -> Settings:
    return load(_env_file=None, **values)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "page.example"])
def test_an_address_that_others_reach_wants_a_token_or_a_proxy(host: str) -> None:
    with pytest.raises(Usage, match="others could read the figures"):
        guard_for(settings(serve_host=host))
    assert guard_for(settings(serve_host=host, serve_token=TOKEN)).token == TOKEN
    assert guard_for(settings(serve_host=host, serve_behind_proxy=True, serve_hosts="page.example")).knows_host(
        "page.example:443"
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_neither(host: str) -> None:
    assert guard_for(settings(serve_host=host)).token == ""


def test_a_short_token_and_a_template_without_an_id_are_refused() -> None:
    with pytest.raises(SettingsError, match="TECHHUB_SERVE_TOKEN"):
        settings(serve_token="short")
    with pytest.raises(SettingsError, match="expected an address with"):
        settings(admin_url="https://host/admin/")
