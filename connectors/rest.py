"""Kafka Connect's REST interface: one connector's configuration, state and offsets.

Flows in: the address and the connector's name. Flows out: parsed answers; `Unreachable` when nobody answers, `Refused`
with Connect's own words when it says no. Asked again while Connect rebalances (409), within a deadline.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import requests

from connectors.errors import DeadlinePassed, Refused, Unreachable

TIMEOUT: Final = (5.0, 30.0)
REBALANCE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """`reason` is the first line of a failed part's trace. RUNNING proves nothing: judge by heartbeats."""

    state: str
    tasks: tuple[str, ...]
    reason: str | None

    @property
    def failed(self) -> bool:
        return "FAILED" in (self.state, *self.tasks)


class Connect:
    """A client of one connector."""

    def __init__(self, url: str, name: str) -> None:
        parts = urlsplit(url)
        # what is printed and asked holds no password
        self.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self.name = name
        self._session = requests.Session()
        if parts.username is not None:
            self._session.auth = (unquote(parts.username), unquote(parts.password or ""))

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> "Connect":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def config(self) -> dict[str, str] | None:
        """None: there is no such connector."""
        answer = self._call("GET", "/config", absent_ok=True)
        return None if answer is None else {str(name): str(value) for name, value in answer.items()}

    def create_stopped(self, config: Mapping[str, str]) -> None:
        """Stopped, so that the offsets an earlier connector of this name left can be looked at before anything runs."""
        body = {"name": self.name, "config": dict(config), "initial_state": "STOPPED"}
        self._request("POST", f"{self.url}/connectors", body)

    def put_config(self, config: Mapping[str, str]) -> None:
        self._call("PUT", "/config", dict(config))

    def status(self) -> ConnectorStatus | None:
        answer = self._call("GET", "/status", absent_ok=True)
        if answer is None:
            return None
        parts = [answer["connector"], *answer.get("tasks", ())]
        trace = next((part["trace"] for part in parts if part.get("trace")), None)
        tasks = tuple(task["state"] for task in answer.get("tasks", ()))
        return ConnectorStatus(answer["connector"]["state"], tasks, first_lines(trace) if trace else None)

    def plugins(self) -> dict[str, str]:
        """Class -> version of what Connect can run."""
        found = self._request("GET", f"{self.url}/connector-plugins")
        return {str(each["class"]): str(each.get("version")) for each in found}

    def offsets(self) -> dict[str, Any]:
        """Refused where there is no connector: no answer must never pass for no offsets."""
        return dict(self._call("GET", "/offsets"))

    def delete_offsets(self) -> None:
        """Only of a stopped connector."""
        self._call("DELETE", "/offsets")

    def pause(self) -> None:
        self._call("PUT", "/pause")

    def resume(self) -> None:
        self._call("PUT", "/resume")

    def stop(self) -> None:
        self._call("PUT", "/stop")

    def restart(self) -> None:
        """The connector and its failed tasks."""
        self._call("POST", "/restart?includeTasks=true&onlyFailed=true")

    def delete(self) -> None:
        self._call("DELETE", "")

    def wait(self, condition: Callable[[ConnectorStatus | None], bool], what: str, seconds: float) -> None:
        wait_until(lambda: condition(self.status()), f"connector {self.name}: {what}", seconds)

    def _call(self, method: str, path: str, body: Any = None, absent_ok: bool = False) -> Any:
        return self._request(method, f"{self.url}/connectors/{self.name}{path}", body, absent_ok)

    def _request(self, method: str, url: str, body: Any = None, absent_ok: bool = False) -> Any:
        deadline = time.monotonic() + REBALANCE_SECONDS
        while True:
            response = self._send(method, url, body)
            if response.status_code == 409 and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
                continue
            if response.status_code == 404 and absent_ok:
                return None
            if not response.ok:
                raise Refused(f"kafka connect refused {method} {url}: {_message(response)}")
            return response.json() if response.content else None

    def _send(self, method: str, url: str, body: Any) -> requests.Response:
        try:
            return self._session.request(method, url, json=body, timeout=TIMEOUT)
        except requests.RequestException as error:
            kind = "did not answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
            raise Unreachable(f"kafka connect {kind} at {self.url}; check TECHHUB_CONNECT_URL") from None


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DeadlinePassed(f"{what}: not within {seconds:g} s")
        time.sleep(POLL_SECONDS)


def first_lines(trace: str) -> str:
    """The first line of a Java trace and its last cause, which names the reason."""
    lines = [line.strip() for line in trace.splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return " <- ".join(dict.fromkeys([lines[0], *causes[-1:]]))


def _message(response: requests.Response) -> str:
    try:
        message = str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = response.text[:200]
    return f"{response.status_code} {' '.join(message.split())[:500]}"
