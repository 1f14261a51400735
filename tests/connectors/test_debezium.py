"""The connector's configuration, from contract and settings alone."""

from pydantic import SecretStr

from connectors.debezium import configuration, differences, warnings
from connectors.heartbeat import streamed
from connectors.kafka import kafka_config
from connectors.rest import first_lines
from schemas.contract import Contract
from schemas.settings import Settings


def test_only_listed_columns_are_included(contract: Contract, settings: Settings) -> None:
    columns = configuration(contract, settings, "initial")["column.include.list"].split(",")
    assert "public.account_user.role" in columns and "public.service_service.data" in columns
    assert not any(column.endswith((".iin", ".email", ".*")) for column in columns)
    assert len(columns) == len(set(columns))


def test_every_table_and_the_two_of_ours_are_included(contract: Contract, settings: Settings) -> None:
    tables = configuration(contract, settings, "initial")["table.include.list"].split(",")
    assert set(tables) == {f"public.{name}" for name in contract.tables} | {"cdc.heartbeat", "cdc.signal"}


def test_nothing_is_published_by_the_connector_itself(contract: Contract, settings: Settings) -> None:
    config = configuration(contract, settings, "initial")
    assert config["publication.autocreate.mode"] == "disabled" and config["skipped.operations"] == "none"


def test_a_password_is_a_reference(contract: Contract, settings: Settings) -> None:
    config = configuration(contract, settings, "initial")
    assert config["database.password"] == "${file:/run/secrets/connector.properties:password}"
    assert "sentinel-password" not in str(config) and not list(warnings(settings))


def test_a_plain_password_is_warned_about_and_masked_in_differences(contract: Contract, settings: Settings) -> None:
    plain = settings.model_copy(update={"connector_password_reference": None})
    config = configuration(contract, plain, "initial")
    (change,) = differences({**config, "database.password": "older"}, config)
    assert list(warnings(plain)) and (change.before, change.after) == ("****", "****")


def test_connect_may_see_the_source_and_the_brokers_elsewhere(contract: Contract, settings: Settings) -> None:
    config = configuration(contract, settings, "no_data")
    assert (config["database.hostname"], config["database.port"]) == ("db.example", "6432")
    inside = settings.model_copy(
        update={
            "connector_postgres_host": "postgres",
            "connector_postgres_port": 5432,
            "connector_kafka_bootstrap": "kafka:9092",
        }
    )
    config = configuration(contract, inside, "no_data")
    assert (config["database.hostname"], config["database.port"]) == ("postgres", "5432")
    assert config["signal.kafka.bootstrap.servers"] == "kafka:9092"


def test_signals_by_topic_are_off_where_they_would_need_a_plain_password(
    contract: Contract, settings: Settings
) -> None:
    secured = settings.model_copy(update={"kafka_sasl_mechanism": "PLAIN", "kafka_security_protocol": "SASL_SSL"})
    assert configuration(contract, secured, "no_data")["signal.enabled.channels"] == "source"
    assert any("JAAS" in warning for warning in warnings(secured))


def test_the_same_configuration_has_no_differences(contract: Contract, settings: Settings) -> None:
    config = configuration(contract, settings, "no_data")
    assert differences({**config, "name": "techhub"}, config) == ()


def test_of_a_list_that_changes_only_what_came_and_went_is_told(contract: Contract, settings: Settings) -> None:
    config = configuration(contract, settings, "no_data")
    tables = config["table.include.list"].split(",")
    (change,) = differences({**config, "table.include.list": ",".join(["public.gone", *tables[1:]])}, config)
    assert str(change) == f"table.include.list: -public.gone +{tables[0]}"


def test_security_settings_reach_every_kafka_client(settings: Settings) -> None:
    secured = settings.model_copy(
        update={"kafka_sasl_mechanism": "PLAIN", "kafka_sasl_username": "cdc", "kafka_sasl_password": SecretStr("x")}
    )
    config = kafka_config(secured, **{"group.id": "g"})
    assert config["sasl.password"] == "x" and config["sasl.username"] == "cdc" and config["group.id"] == "g"
    assert "sasl.mechanism" not in kafka_config(settings)


def test_only_a_streamed_heartbeat_counts() -> None:
    row, source = b'{"id":1,"seq":7,"source_id":"1/1"}', b'{"ts_us":1795382227721394,"lsn":50}'
    beat = b'{"op":"u","after":%b,"source":%b}' % (row, source)
    found = streamed(beat)
    assert found is not None and (found.seq, found.source_id, found.lsn) == (7, "1/1", 50)
    assert streamed(beat.replace(b'"u"', b'"r"')) is None
    assert streamed(None) is None and streamed(b"[]") is None and streamed(b"\xff") is None


def test_a_trace_is_told_by_its_first_line_and_its_last_cause() -> None:
    trace = (
        "ConnectException: failed\n\tat a.b(C.java:1)\nCaused by: X: outer\n\tat d\nCaused by: Y: permission denied\n"
    )
    assert first_lines(trace) == "ConnectException: failed <- Y: permission denied"
