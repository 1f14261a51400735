"""A real process of the ClickHouse interface: started, waited for, asked."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

PASSWORD = "a p/ss:wörd"


@dataclass(frozen=True)
class Interface:
    port: int
    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def post(self, body: str | bytes = b"", headers: Any = None, **fields: str) -> requests.Response:
        data = body.encode() if isinstance(body, str) else body
        identity = {"X-ClickHouse-User": "techhub", "X-ClickHouse-Key": PASSWORD.encode().decode("latin-1")}
        return requests.post(self.url, data=data, params=fields, headers=identity | (headers or {}), timeout=30)

    def ask(self, sql: str, **fields: str) -> str:
        answer = self.post(sql, **fields)
        assert answer.status_code == 200, answer.text
        return answer.text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(directory: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    directory.mkdir(parents=True, exist_ok=True)
    password = directory / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    command = [sys.executable, "-m", "deploy.local.clickhouse", "--directory", str(directory), "--port", str(port)]
    command += ["--password-file", str(password), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | {"TZ": "UTC"})


def wait_until_up(interface: Interface, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert interface.process.poll() is None, "the interface ended while starting"
        try:
            if requests.get(interface.url + "ping", timeout=1).text == "Ok.\n":
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"the interface did not answer within {seconds} s")
