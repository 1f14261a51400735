"""Fetching against the lock, from a Maven repository of the test's own on loopback."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local import jars
from schemas.errors import Problem, Unreachable, Usage

CONTENT = b"a jar"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The test's output is not for it."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, a repository with one jar, and a lock that names it."""
    place = tmp_path / "repository" / "org" / "example" / "part" / "1.0" / "part-1.0.jar"
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    place.with_name("part-1.0.jar.sha1").write_text(hashlib.sha1(CONTENT).hexdigest())
    lock(tmp_path, CONTENT)
    monkeypatch.setattr(jars, "LOCK", tmp_path / "test.lock")
    monkeypatch.setattr(jars, "ATTEMPTS", 1)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "repository")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("TECHHUB_LOCAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TECHHUB_LOCAL_MAVEN", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield tmp_path / "cache"
    server.shutdown()
    server.server_close()
    thread.join()


def lock(folder: Path, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    (folder / "test.lock").write_text(f"# comment\nkafka org.example:part:1.0 {digest}\n")


def test_a_fetched_set_is_complete_and_fetched_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    fetched = jars.fetch(lambda done, total: seen.append((done, total)))
    assert seen == [(1, 1)]
    assert Path(fetched.class_path).read_bytes() == CONTENT
    monkeypatch.setenv("TECHHUB_LOCAL_MAVEN", "http://127.0.0.1:1")
    assert jars.fetch(lambda done, total: seen.append((done, total))) == fetched
    assert seen == [(1, 1)]


def test_a_jar_with_another_checksum_is_not_used(cache: Path) -> None:
    lock(cache.parent, b"what it should have been")
    with pytest.raises(Problem, match=r"org\.example:part:1\.0 has another checksum"):
        jars.fetch()
    assert not list(cache.rglob("*.jar"))


def test_an_unreachable_repository_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHHUB_LOCAL_MAVEN", "http://127.0.0.1:1")
    with pytest.raises(Unreachable, match="TECHHUB_LOCAL_MAVEN"):
        jars.fetch()
    assert not list(cache.rglob("*.jar"))


def test_a_cache_that_cannot_be_made_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHHUB_LOCAL_CACHE", str(cache.parent / "test.lock" / "below"))
    with pytest.raises(Usage, match="TECHHUB_LOCAL_CACHE"):
        jars.fetch()
