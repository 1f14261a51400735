"""The chain from a figure to a person: the real Prometheus and Alertmanager with this project's rules and routes, and a
webhook that remembers what it is told. Only times are shorter.
"""

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from deploy.prometheus.rules import FILE, document
from deploy.prometheus.thresholds import load_thresholds
from tests.clickhouse_server import free_port
from tests.patience import SECONDS
from tests.prometheus.tools import program

WAIT, KEEP = "1s", "20s"


@dataclass
class Webhook:
    """Notifications in the order of their arrival: (receiver, status, alert name, labels and annotations)."""

    told: list[tuple[str, str, str, dict[str, str]]] = field(default_factory=list)

    def receive(self, path: str, body: Mapping[str, Any]) -> None:
        for alert in body["alerts"]:
            about = {**alert["labels"], **alert["annotations"]}
            self.told.append((path.strip("/"), alert["status"], alert["labels"]["alertname"], about))

    def about(self, alert: str, status: str = "firing") -> list[dict[str, str]]:
        return [about for _, state, name, about in self.told if (name, state) == (alert, status)]


@dataclass
class Chain:
    prometheus: str
    alertmanager: str
    webhook: Webhook

    def firing(self) -> set[str]:
        """As Prometheus sees it."""
        found = requests.get(f"{self.prometheus}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in found if alert["state"] == "firing"}

    def suppressed(self) -> set[str]:
        """Alerts that Alertmanager has and tells nobody about."""
        found = requests.get(f"{self.alertmanager}/api/v2/alerts", timeout=10).json()
        return {alert["labels"]["alertname"] for alert in found if alert["status"]["inhibitedBy"]}


def until(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {SECONDS:.0f} s: {what}"
        time.sleep(0.2)


@contextmanager
def listening(webhook: Webhook) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            webhook.receive(self.path, json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def running(name: str, log: Path, port: int, *arguments: str) -> Iterator[str]:
    """A program that listens, until the block ends."""
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen([program(name), *arguments], stdout=output, stderr=output)
    try:
        until(lambda: ready(f"{address}/-/ready", process, log), f"{name} is ready")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def ready(address: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text(errors="replace")[-2000:]
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


@contextmanager
def chain(directory: Path, targets: Mapping[str, int]) -> Iterator[Chain]:
    """`targets`: job -> port on this machine."""
    program("prometheus")
    program("prometheus-alertmanager")
    webhook, ports = Webhook(), (free_port(), free_port(), free_port())
    with ExitStack() as stack:
        receiver = stack.enter_context(listening(webhook))
        write(directory / "alertmanager.yml", routes(receiver))
        alertmanager = stack.enter_context(
            running(
                "prometheus-alertmanager", directory / "alertmanager.log", ports[0],
                f"--config.file={directory}/alertmanager.yml", f"--storage.path={directory}/alertmanager",
                f"--web.listen-address=127.0.0.1:{ports[0]}", "--cluster.listen-address=",
            )
        )  # fmt: skip
        write(directory / "alerts.yml", hastened(document(load_thresholds())))
        write(directory / "prometheus.yml", scraping(targets, ports[0]))
        prometheus = stack.enter_context(
            running(
                "prometheus", directory / "prometheus.log", ports[1], f"--config.file={directory}/prometheus.yml",
                f"--storage.tsdb.path={directory}/prometheus", f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--rules.alert.resend-delay=5s",  # what it says before it has found alertmanager is lost
            )
        )  # fmt: skip
        yield Chain(prometheus, alertmanager, webhook)


def write(file: Path, content: Any) -> None:
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


def routes(receiver: str) -> dict[str, Any]:
    """The project's own, to another address and without patience."""
    config: dict[str, Any] = yaml.safe_load((FILE.parent / "alertmanager.yml").read_text(encoding="utf-8"))
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for each in config["receivers"]:
        for hook in each.get("webhook_configs", ()):
            hook["url"] = f"{receiver}/{each['name']}"
    return config


def hastened(rules: dict[str, Any]) -> dict[str, Any]:
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = WAIT
            if "keep_firing_for" in rule:
                rule["keep_firing_for"] = KEEP
    return rules


def scraping(targets: Mapping[str, int], alertmanager: int) -> dict[str, Any]:
    def at(port: int) -> list[dict[str, list[str]]]:
        return [{"targets": [f"127.0.0.1:{port}"]}]

    return {
        "global": {"scrape_interval": "5s", "evaluation_interval": "1s", "scrape_timeout": "5s"},
        "rule_files": ["alerts.yml"],
        "alerting": {"alertmanagers": [{"static_configs": at(alertmanager)}]},
        "scrape_configs": [{"job_name": job, "static_configs": at(port)} for job, port in targets.items()],
    }
