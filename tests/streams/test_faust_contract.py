"""The private names of faust-streaming that the engine builds on: a new version that lacks one must fail here first."""

import inspect

import faust
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.drivers import aiokafka as driver
from faust.transport.utils import DefaultSchedulingStrategy

from schemas.contract import load_contract
from schemas.settings import Settings
from streams.agents.app import create_app
from streams.agents.transport import Batch, Consumer, PerPartition, Transport


def test_every_assignment_asks_where_to_read_in_one_place() -> None:
    assert inspect.iscoroutinefunction(BaseConsumer.seek_to_committed)
    assert "seek_to_committed" in inspect.getsource(BaseConsumer.perform_seek)
    assert Consumer.seek_to_committed is not driver.Consumer.seek_to_committed


def test_the_consumer_can_do_what_the_engine_asks_of_it() -> None:
    for name in ("seek_wait", "earliest_offsets", "highwaters", "_commit"):
        assert inspect.iscoroutinefunction(getattr(driver.Consumer, name)), name
    for name in ("pause_partitions", "resume_partitions", "assignment"):
        assert callable(getattr(driver.Consumer, name)), name
    assert "_consumer" in driver.AIOKafkaConsumerThread.__annotations__
    assert "self.member_id" in inspect.getsource(GroupCoordinator)


def test_the_transport_takes_our_consumer_and_the_scheduler_yields_batches() -> None:
    assert Transport.Consumer is Consumer
    assert issubclass(Transport, driver.Transport)
    assert issubclass(PerPartition, DefaultSchedulingStrategy)
    taken = set(inspect.signature(DefaultSchedulingStrategy.iterate).parameters)
    assert taken == {"self", "records"}
    assert {"topic", "partition", "offset", "timestamp", "value"} <= set(Batch.__slots__)


def test_the_app_keeps_no_offsets_and_makes_one_agent_a_domain() -> None:
    settings = Settings(kafka_bootstrap="127.0.0.1:9092", clickhouse_dsn="http://127.0.0.1:8123")
    contract = load_contract()
    app = create_app(settings, contract)
    assert sorted(app.agents) == sorted(f"{domain}_changes" for domain in contract.domains)
    assert isinstance(app.transport, Transport)
    assert not app.conf.stream_wait_empty
    assert app.conf.consumer_group_instance_id.startswith(f"{settings.worker_id}.")
    assert "_create_directories" in vars(faust.App), "the name under which Faust makes folders"
    app._create_directories()
    assert not app.conf.datadir.exists()


def test_a_worker_with_another_contract_is_another_static_member() -> None:
    """The broker gives a static member that comes back what it had, and a topic that is new would never be read."""
    settings = Settings(kafka_bootstrap="127.0.0.1:9092", clickhouse_dsn="http://127.0.0.1:8123")
    contract = load_contract()
    fewer = contract.model_copy(update={"tables": dict(list(contract.tables.items())[:-1])})
    names = [create_app(settings, each).conf.consumer_group_instance_id for each in (contract, contract, fewer)]
    assert names[0] == names[1] != names[2]
