"""Kafka Connect with the Debezium connector for PostgreSQL. Passwords are references into a file of the stack."""

import requests

from deploy.local.jars import fetch
from deploy.local.java import from_archive, java, keep_archive, properties, quick_start
from deploy.local.part import Part
from deploy.local.place import Place, write_private
from deploy.local.processes import Launch

HEAP_MEGABYTES = 512
CONVERTER = "org.apache.kafka.connect.json.JsonConverter"
PROVIDERS = "org.apache.kafka.common.config.provider"


def settings(place: Place) -> dict[str, str]:
    storage = {
        f"{kind}.storage.{name}": value
        for kind in ("config", "offset", "status")
        for name, value in (("topic", f"_connect_{kind}"), ("replication.factor", "1"))
    }
    return storage | {
        "bootstrap.servers": f"127.0.0.1:{place.ports['kafka']}",
        "group.id": "connect",
        "key.converter": CONVERTER,
        "value.converter": CONVERTER,
        "key.converter.schemas.enable": "false",
        "value.converter.schemas.enable": "false",
        "offset.storage.partitions": "1",
        "status.storage.partitions": "1",
        "offset.flush.interval.ms": "500",
        "listeners": f"HTTP://127.0.0.1:{place.ports['connect']}",
        "plugin.path": str(fetch().plugins),
        "plugin.discovery": "service_load",
        # the connector chooses its producer's batches
        "connector.client.config.override.policy": "All",
        "config.providers": "file,env",
        "config.providers.file.class": f"{PROVIDERS}.FileConfigProvider",
        "config.providers.file.param.allowed.paths": str(place.connector_secrets.parent),
        "config.providers.env.class": f"{PROVIDERS}.EnvVarConfigProvider",
        "config.providers.env.param.allowlist.pattern": "TECHHUB_.*",
        # a worker that comes back takes its connector up at once
        "scheduled.rebalance.max.delay.ms": "0",
        "session.timeout.ms": "6000",
        "heartbeat.interval.ms": "1500",
    }


def password_reference(place: Place) -> str:
    """What a connector's configuration says instead of the password."""
    return f"${{file:{place.connector_secrets}:password}}"


def prepare(place: Place) -> None:
    write_private(place.folder("connect") / "worker.properties", properties(settings(place)))


def launch(place: Place) -> Launch:
    folder = place.folder("connect")
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    options = quick_start(place, "connect")
    return Launch(java(main, folder / "worker.properties", heap_megabytes=HEAP_MEGABYTES, more=options), folder)


def healthy(place: Place) -> bool:
    """The worker has joined its group and can take a connector; its port opens earlier."""
    try:
        return requests.get(f"http://127.0.0.1:{place.ports['connect']}/health", timeout=2).ok
    except requests.RequestException:
        return False


PART = Part(
    "connect",
    ports=("connect",),
    needs=("kafka",),
    prepare=prepare,
    launch=launch,
    healthy=healthy,
    stopped=lambda place: keep_archive(place, "connect"),
    unsaved=lambda: not from_archive("connect"),
    stop_seconds=40.0,
)
