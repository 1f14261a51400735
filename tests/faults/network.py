"""The embedded stack's parts with one more door: a Kafka listener whose advertised address a test's proxy can take.

Clients that begin at the proxy stay behind it, because that is the address the broker tells them.
"""

from dataclasses import replace
from typing import Final

from deploy.local import kafka, state
from deploy.local.part import Part
from deploy.local.place import Place, choose_port, write_private
from deploy.local.stack import PARTS, Addresses
from tests.faults.proxy import Proxy
from tests.patience import SECONDS

PROXIED_PORT: Final = "proxied.port"
"""File with the port that the broker tells clients and never opens itself."""


def prepare(place: Place) -> None:
    kafka.prepare(place)
    plain, ports, advertised = kafka.settings(place), place.ports, place.folder("kafka") / PROXIED_PORT
    if not advertised.exists():
        write_private(advertised, str(choose_port(set(ports.values()))))
    more = {
        "listeners": f"{plain['listeners']},PROXIED://127.0.0.1:{ports['behind']}",
        "advertised.listeners": f"{plain['advertised.listeners']},PROXIED://127.0.0.1:{advertised.read_text()}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }
    with (place.folder("kafka") / "broker.properties").open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in more.items())


KAFKA: Final = replace(kafka.PART, ports=(*kafka.PART.ports, "behind"), prepare=prepare)
PROXIED: Final[tuple[Part, ...]] = tuple(
    replace(KAFKA if part.name == "kafka" else part, start_seconds=SECONDS) for part in PARTS
)


def kafka_proxy(stack: Addresses, seed: int) -> Proxy:
    """The proxy whose address the broker's second listener tells its clients."""
    known = state.load(stack.directory)
    assert known is not None
    return Proxy(known.ports["behind"], int((stack.directory / "kafka" / PROXIED_PORT).read_text()), seed)
