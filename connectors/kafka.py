"""Settings -> configuration of a Kafka client in librdkafka's names: the one place where security settings are put."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import Consumer

from connectors.errors import Unreachable
from schemas.settings import Settings

REQUEST_SECONDS: Final = 15.0
FIND_SECONDS: Final = 3.0
"""For a broker that is just starting again; who asks waits no longer to be told that nobody is there."""


def require_broker(settings: Settings) -> None:
    """Raises `Unreachable` where no broker listens: librdkafka would go on trying for the whole time of a request."""
    assert settings.kafka_bootstrap is not None, "commands require kafka_bootstrap before they connect"
    deadline = time.monotonic() + FIND_SECONDS
    while not any(map(_listens, settings.kafka_bootstrap.split(","))):
        if time.monotonic() > deadline:
            raise Unreachable("kafka cannot be reached; check TECHHUB_KAFKA_BOOTSTRAP")
        time.sleep(0.2)


def _listens(address: str) -> bool:
    host, _, port = address.strip().rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=FIND_SECONDS).close()
    except OSError:
        return False
    return True


def kafka_config(settings: Settings, **extra: Any) -> dict[str, Any]:
    """What every client needs: brokers, TLS and SASL. `extra` goes on top (`**{"group.id": ...}`)."""
    config: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": settings.kafka_security_protocol,
        # a broker that is away is reported by whoever waits for it, not by librdkafka on stderr
        "log_level": 0,
    }
    password = settings.kafka_sasl_password
    optional = {
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.username": settings.kafka_sasl_username,
        "sasl.password": password.get_secret_value() if password else None,
        "ssl.ca.location": str(settings.kafka_ssl_ca) if settings.kafka_ssl_ca else None,
    }
    config.update({name: value for name, value in optional.items() if value is not None})
    config.update(extra)
    return config


@contextmanager
def onlooker(settings: Settings, name: str) -> Iterator[Consumer]:
    """A consumer that joins no group and commits nothing."""
    consumer = Consumer(kafka_config(settings, **{"group.id": f"{settings.group}-{name}", "enable.auto.commit": False}))
    try:
        yield consumer
    finally:
        consumer.close()
