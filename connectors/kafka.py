"""Settings -> configuration of a Kafka client in librdkafka's names: the one place where security settings are put."""

from typing import Any, Final

from schemas.settings import Settings

REQUEST_SECONDS: Final = 15.0


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
