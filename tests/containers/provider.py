"""The stack on containers: the addresses that the embedded stack gives, from the images that docker-compose.yml names.

Images, environments and health checks are read from that file, so that what is tested is what is deployed. Only what a
test needs differs: ports are free ones, ClickHouse has one user who may do everything.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import docker
import pytest
import requests
import yaml
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HealthcheckWaitStrategy

from deploy.local.place import choose_port, write_private
from deploy.local.source import install
from deploy.local.stack import Addresses
from schemas.errors import Unreachable

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 300
NANOSECONDS: Final = 1_000_000_000
CONNECTOR_FILE: Final = "/run/secrets/connector.properties"
AS_CONNECT_SEES_THEM: Final = {
    "TECHHUB_CONNECTOR_POSTGRES_HOST": "postgres",
    "TECHHUB_CONNECTOR_POSTGRES_PORT": "5432",
    "TECHHUB_CONNECTOR_KAFKA_BOOTSTRAP": "kafka:9092",
}
"""Settings for as long as the containers run: inside their network, parts have other addresses than here."""


def engine() -> str:
    """The version of the Docker engine; `Unreachable` when none answers."""
    try:
        client = docker.from_env(timeout=10)
        try:
            return str(client.version()["Version"])
        finally:
            client.close()
    except (DockerException, requests.RequestException):
        place = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        raise Unreachable(
            f"no Docker engine answers at {place}: start one or set DOCKER_HOST; `make test` runs the same tests "
            "without containers"
        ) from None


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    return found


def healthcheck(service: Mapping[str, Any]) -> dict[str, Any]:
    """Compose's health check as the engine's interface wants it."""
    check = service["healthcheck"]
    spans = {name: int(check[name].removesuffix("s")) * NANOSECONDS for name in ("interval", "timeout")}
    return {"test": check["test"], **spans, "retries": check["retries"]}


def container(name: str, network: Network, environment: Mapping[str, str], replaced: tuple[str, ...] = ()) -> Any:
    """A service of docker-compose.yml under its own name in `network`; `replaced` leaves variables of it out."""
    service = services()[name]
    kept = {key: value for key, value in service["environment"].items() if key not in replaced}
    made = DockerContainer(service["image"]).with_network(network).with_network_aliases(name)
    made.with_envs(**{**kept, **environment}).with_kwargs(healthcheck=healthcheck(service), user=service["user"])
    if "command" in service:
        made.with_command(service["command"])
    return made.waiting_for(HealthcheckWaitStrategy().with_startup_timeout(START_SECONDS))


@contextmanager
def containers(directory: Path) -> Iterator[Addresses]:
    """Addresses of a stack with the source schema and no rows; gone at the end. `directory` holds its secrets."""
    engine()
    password, connector = secrets.token_hex(18), secrets.token_hex(18)
    file = directory / "connector.properties"
    write_private(file, f"password={connector}\n")
    file.chmod(0o644)  # the container reads it as a user of its own
    with ExitStack() as running, Network() as network, pytest.MonkeyPatch.context() as environment:
        for name, value in AS_CONNECT_SEES_THEM.items():
            environment.setenv(name, value)
        postgres = running.enter_context(_postgres(network, password))
        kafka_port = choose_port(set())
        running.enter_context(_kafka(network, kafka_port))
        mounted = container("connect", network, {}).with_volume_mapping(file, CONNECTOR_FILE, "ro")
        connect = running.enter_context(mounted.with_exposed_ports(8083))
        clickhouse = running.enter_context(_clickhouse(network, password))
        addresses = Addresses(
            name="containers",
            directory=directory,
            postgres_dsn=f"postgresql://techhub:{password}@{_address(postgres, 5432)}/techhub",
            kafka_bootstrap=f"localhost:{kafka_port}",
            connect_url=f"http://{_address(connect, 8083)}",
            clickhouse_dsn=f"http://techhub:{password}@{_address(clickhouse, 8123)}",
            connector_password=connector,
            connector_password_reference=f"${{file:{CONNECTOR_FILE}:password}}",
        )
        install(addresses.postgres_dsn, empty=True)
        yield addresses


def _postgres(network: Network, password: str) -> Any:
    given = {"POSTGRES_PASSWORD": password}
    return container("postgres", network, given, ("POSTGRES_PASSWORD_FILE",)).with_exposed_ports(5432)


def _kafka(network: Network, port: int) -> Any:
    """A broker tells its clients where it is: one listener for the network, one for this machine."""
    listeners = {
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,HOST://:9094,CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://kafka:9092,HOST://localhost:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    return container("kafka", network, listeners).with_bind_ports(9094, port)


def _clickhouse(network: Network, password: str) -> Any:
    given = {
        "CLICKHOUSE_USER": "techhub",
        "CLICKHOUSE_PASSWORD": password,
        "CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT": "1",
    }
    return container("clickhouse", network, given, ("CLICKHOUSE_SKIP_USER_SETUP",)).with_exposed_ports(8123)


def _address(running: Any, port: int) -> str:
    return f"{running.get_container_host_ip()}:{running.get_exposed_port(port)}"
