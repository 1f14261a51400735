"""What the proxy does to bytes: nothing, or exactly what its rule says."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import PASS, Proxy, Rule
from tests.pipeline.pipeline import until


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A reset is what the test asked for."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Server(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Proxy(server.server_address[1]) as running:
            yield running
        server.shutdown()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as connected:
        yield connected


def exchange(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    found = b""
    while len(found) < len(text):
        data = client.recv(65536)
        if not data:
            break
        found += data
    return found


def test_bytes_pass_unchanged(client: socket.socket) -> None:
    text = bytes(range(256)) * 4096
    assert exchange(client, text) == text


def test_latency_and_bandwidth_delay_a_message(proxy: Proxy, client: socket.socket) -> None:
    proxy.rule = Rule(latency_seconds=0.1, bytes_per_second=100_000)
    began = time.monotonic()
    assert exchange(client, b"x" * 10_000) == b"x" * 10_000
    assert time.monotonic() - began >= 0.4  # a tenth of a second for each, in both directions


def test_a_silent_cut_holds_everything_and_lets_it_pass_later(proxy: Proxy, client: socket.socket) -> None:
    proxy.rule = Rule(blackhole=True)
    client.sendall(b"held")
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.recv(10)
    client.settimeout(20)
    proxy.rule = PASS
    assert client.recv(10) == b"held"


def test_a_reset_ends_open_connections_and_new_ones_pass(proxy: Proxy, client: socket.socket) -> None:
    assert exchange(client, b"before") == b"before"
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as again:
        assert exchange(again, b"after") == b"after"
    assert proxy.counts["reset"] == 1


def test_an_answer_is_cut_after_so_many_bytes(proxy: Proxy, client: socket.socket) -> None:
    proxy.rule = Rule(cut_after=10)
    assert exchange(client, b"0123456789") == b"0123456789"
    client.sendall(b"0")
    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_an_answer_can_be_lost_after_the_request_has_arrived(proxy: Proxy, client: socket.socket) -> None:
    proxy.rule = Rule(answers_lost=1.0)
    client.sendall(b"insert")
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    until(lambda: proxy.counts["answer lost"] == 1, "it was counted")


def test_connections_can_be_refused(proxy: Proxy) -> None:
    proxy.rule = Rule(refuse=True)
    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as refused,
    ):
        refused.recv(10)
