"""The Faust application: one agent a domain, each topic handled once.

`faust -A streams.agents.app worker` and `techhub-cdc worker` run the same app.
"""

import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import faust
from aiokafka.helpers import create_ssl_context

from schemas.contract import Contract, load_contract
from schemas.lifecycles import load_lifecycles
from schemas.settings import Settings, load
from sinks.history import history_statements
from streams.agents.engine import Engine
from streams.agents.exits import guarded
from streams.agents.transport import NoTables, PerPartition, Transport, Whole
from streams.plan import member_id, plans

SESSION_SECONDS: Final = 10
"""After which the group gives the partitions of a member that says nothing to others."""
NOWHERE: Final = Path(tempfile.gettempdir()) / "techhub-cdc-faust"
"""Where Faust would keep tables; there are none, so it is never made."""


class WorkerApp(faust.App):
    """A Faust app that knows its engine, and the contract that it was made for."""

    engine: Engine
    contract: Contract

    def _create_directories(self) -> None:
        """For tables that there are none of."""


def credentials(settings: Settings) -> Any:
    """Settings in librdkafka's terms -> Faust's."""
    protocol = settings.kafka_security_protocol.upper()
    context = create_ssl_context(cafile=str(settings.kafka_ssl_ca)) if settings.kafka_ssl_ca else None
    if protocol.startswith("SASL"):
        password = settings.kafka_sasl_password
        return faust.SASLCredentials(
            username=settings.kafka_sasl_username,
            password=password.get_secret_value() if password else None,
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=(context or create_ssl_context()) if protocol == "SASL_SSL" else None,
        )
    if protocol == "SSL":
        return faust.SSLCredentials(context or create_ssl_context())
    return None


def create_app(settings: Settings, contract: Contract) -> WorkerApp:
    topics = plans(contract, settings)
    member = member_id(settings.worker_id, topics)
    app = WorkerApp(
        settings.group,
        broker=[f"kafka://{broker.strip()}" for broker in (settings.kafka_bootstrap or "").split(",")],
        broker_credentials=credentials(settings),
        broker_client_id=member,
        # a static member that comes back is given what it had, so one with other topics has to be another member
        consumer_group_instance_id=member.replace("~", "."),
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=30_000,
        ConsumerScheduler=PerPartition,
        TableManager=NoTables,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=2,
        broker_max_poll_interval=2_000_000,
        broker_max_poll_records=5000,
        stream_buffer_maxsize=16,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        store="memory://",
        datadir=NOWHERE,
        web_enabled=False,
        worker_redirect_stdouts=False,
        autodiscover=False,
    )
    histories = history_statements(contract, load_lifecycles(contract), settings.topic_prefix)
    app.contract = contract
    app.engine = Engine(settings, topics, histories)
    app.transport = Transport(app.conf.broker_consumer, app)
    app.on_partitions_revoked.connect(app.engine.revoked, weak=False)
    for domain, tables in contract.domains.items():
        names = [contract.topic(settings.topic_prefix, table.name) for table in tables]
        topic = app.topic(*names, acks=False, schema=Whole())
        app.agent(topic, name=f"{domain}_changes", concurrency=1)(reader(app.engine))
    return app


def reader(engine: Engine) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """The agent of a domain: hands each batch to the engine."""

    async def read(stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            await guarded(engine.feed(message.topic, message.partition, event.value))

    return read


def default_app() -> WorkerApp:
    settings = load("kafka_bootstrap", "clickhouse_dsn")
    return create_app(settings, load_contract(settings.contract))


def __getattr__(name: str) -> Any:
    """`app` is made when somebody asks for it, so that importing this module needs no settings."""
    if name == "app":
        globals()["app"] = default_app()
        return globals()["app"]
    raise AttributeError(name)
