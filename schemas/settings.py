"""Settings: every value that a deployment may choose, read from the environment or `.env`, in this one class.

A secret may come from a file: `TECHHUB_CLICKHOUSE_DSN_FILE=/run/secrets/dsn` instead of `TECHHUB_CLICKHOUSE_DSN`.
`load(...)` names every missing or wrong setting at once and raises `SettingsError`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from schemas.contract import DEFAULT_CONTRACT

PREFIX = "TECHHUB_"
DEBUG = bool(os.environ.get("TECHHUB_DEBUG"))
"""Whether a defect shows its traceback."""


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(ValueError):
    """One line for each setting that is missing or wrong: its name and what was expected."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for the value of a `*_FILE` setting whose file cannot be read."""

    reason: str


class FromFiles(PydanticBaseSettingsSource):
    """`TECHHUB_X_FILE` names a file that holds the value of `TECHHUB_X`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        place = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        if not place:
            return None, field_name, False
        try:
            return Path(place).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "expected UTF-8 text"
            return Unreadable(f"{place} cannot be read: {reason}"), field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    postgres_dsn: SecretStr | None = Field(
        None, description="the source database as its owner, postgresql://user:password@host:port/techhub"
    )
    kafka_bootstrap: str | None = Field(None, description="Kafka brokers, host:port[,host:port]")
    connect_url: str | None = Field(
        None, description="the REST address of Kafka Connect, http://host:port; it may hold a password", repr=False
    )
    clickhouse_dsn: SecretStr | None = Field(
        None, description="ClickHouse over HTTP, http(s)://user:password@host:port"
    )
    clickhouse_database: str = Field(
        "techhub", description="the database that holds all tables and views", pattern=r"^\w+$"
    )
    topic_prefix: str = Field("techhub", description="first part of every topic's name", pattern=r"^[\w-]+$")
    group: str = Field("techhub-cdc", description="the workers' consumer group")
    worker_id: str = Field(
        "worker-0", description="name of this worker's slot; one live process each", pattern=r"^[\w.-]+$"
    )
    timezone: str = Field("Asia/Almaty", description="reporting time zone: where a day begins")
    contract: Path = Field(DEFAULT_CONTRACT, description="the contract file")

    connect_offsets_topic: str = Field(
        "_connect_offset", description="Kafka Connect's offset.storage.topic, from which workers prove freshness",
        pattern=r"^[\w.-]+$",
    )  # fmt: skip
    connector_name: str = Field("techhub", description="name of the connector in Kafka Connect", pattern=r"^[\w-]+$")
    connector_user: str = Field(
        "techhub_cdc", description="the least-privilege role that Debezium logs in as", pattern=r"^\w+$"
    )
    connector_password: SecretStr | None = Field(None, description="the password of that role")
    connector_kafka_bootstrap: str | None = Field(None, description="brokers as Connect sees them")
    connector_kafka_jaas_reference: str | None = Field(
        None, description="reference to the sasl.jaas.config with which the connector reads signals, ${file:...:...}"
    )
    connector_password_reference: str | None = Field(
        None, description="what the connector configuration says instead of the password, ${file:/path:password}"
    )
    connector_postgres_host: str | None = Field(
        None, description="PostgreSQL as Connect sees it; default: host of the DSN"
    )
    connector_postgres_port: int | None = Field(None, description="its port; default: port of the DSN")
    connector_postgres_sslmode: str = Field(
        "prefer", description="TLS mode of the connector: verify-full in production"
    )
    slot_name: str = Field("techhub_cdc", description="replication slot", pattern=r"^[a-z0-9_]+$")
    publication: str = Field("techhub_cdc", description="publication", pattern=r"^[a-z0-9_]+$")
    replication_factor: int = Field(1, ge=1, description="copies of each topic")
    heartbeat_seconds: float = Field(1.0, gt=0, le=60, description="seconds between heartbeats")
    poll_seconds: float = Field(
        0.025, ge=0.001, le=1, description="seconds between two looks of the connector for changes; more saves its CPU"
    )

    kafka_security_protocol: str = Field("PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
    kafka_sasl_mechanism: str | None = Field(None, description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
    kafka_sasl_username: str | None = Field(None, description="the user that logs in to Kafka by SASL")
    kafka_sasl_password: SecretStr | None = Field(None, description="the password of that user")
    kafka_ssl_ca: Path | None = Field(None, description="certificate authority of the brokers")

    clickhouse_ca: Path | None = Field(
        None, description="certificate authority of ClickHouse; default: the public ones"
    )
    clickhouse_fsync: bool = Field(True, description="make each insert durable before the next phase")
    writer_limit: int = Field(100_000, ge=1000, description="rows the writer holds before agents wait")
    dead_letters_in_1000: int = Field(
        50, ge=1, description="dead letters of a partition's last 1,000 records that stop the worker"
    )
    dead_letters_in_a_row: int = Field(100, ge=1, description="dead letters in a row that stop the worker")
    serve_host: str = Field("127.0.0.1", description="address on which the live page listens")
    serve_port: int = Field(8090, ge=0, le=65535, description="its port; 0 takes a free one")
    serve_token: SecretStr | None = Field(
        None, min_length=16, description="what the live page asks for; needed when others than this machine reach it"
    )
    serve_behind_proxy: bool = Field(
        False, description="a proxy in front of the live page asks people in: no token is wanted"
    )
    serve_hosts: str | None = Field(
        None, description="names under which browsers reach the live page, host[,host], beside localhost"
    )
    serve_viewers: int = Field(300, ge=1, description="browsers that may watch the live page at once")
    labels: Path | None = Field(
        None, description="YAML file with the names of people, rooms and companies that the live page shows"
    )
    admin_url: str | None = Field(
        None, description="where the application shows a row, https://host/admin/{app}/{model}/{id}/change/"
    )
    flush_seconds: float = Field(
        0.08, ge=0, le=5, description="seconds between two inserts into a table, at least; more saves CPU and parts"
    )
    stall_seconds: float = Field(
        60, ge=2, description="seconds without progress after which a worker process is started again"
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="where a worker answers /metrics, /healthz and /readyz; not set: nowhere"
    )
    metrics_token: SecretStr | None = Field(None, description="what /metrics asks for as a bearer token")
    metrics_host: str = Field("127.0.0.1", description="the address of that port; another one asks for a token")
    local_directory: Path = Field(Path(".local"), description="where embedded stacks keep their data")
    local_cache: Path | None = Field(
        None, description="where fetched parts are kept; default: the user's cache directory"
    )
    local_maven: str | None = Field(
        None, description="a Maven repository to fetch from instead of the central one", repr=False
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FromFiles(settings_cls), dotenv_settings

    @field_validator("*", mode="before")
    @classmethod
    def readable(cls, value: Any) -> Any:
        if isinstance(value, Unreadable):
            raise ValueError(value.reason)
        return value

    @field_validator("metrics_host")
    @classmethod
    def guarded(cls, value: str, info: ValidationInfo) -> str:
        if value not in LOOPBACK and not info.data.get("metrics_token"):
            raise ValueError("expected 127.0.0.1, or TECHHUB_METRICS_TOKEN as well")
        return value

    @field_validator("timezone")
    @classmethod
    def zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError):
            raise ValueError("expected a time zone such as Asia/Almaty") from None
        return value

    @field_validator("clickhouse_dsn")
    @classmethod
    def http(cls, value: SecretStr | None) -> SecretStr | None:
        return _url(value, "http", "https")

    @field_validator("postgres_dsn")
    @classmethod
    def postgres(cls, value: SecretStr | None) -> SecretStr | None:
        return _url(value, "postgresql", "postgres")

    @field_validator("connect_url")
    @classmethod
    def rest(cls, value: str | None) -> str | None:
        _url(SecretStr(value) if value else None, "http", "https")
        return value.rstrip("/") if value else None

    @field_validator("admin_url")
    @classmethod
    def template(cls, value: str | None) -> str | None:
        _url(SecretStr(value) if value else None, "https", "http")
        if value is not None and "{id}" not in value:
            raise ValueError("expected an address with {id} in it, and {app} and {model} where it has them")
        return value

    @field_validator("kafka_bootstrap")
    @classmethod
    def brokers(cls, value: str | None) -> str | None:
        for broker in (value or "").split(","):
            host, _, port = broker.strip().rpartition(":")
            if value and not (host and port.isdigit()):
                raise ValueError("expected host:port[,host:port]")
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def _url(value: SecretStr | None, *schemes: str) -> SecretStr | None:
    if value is not None:
        try:
            parts = urlsplit(value.get_secret_value())
            valid = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            valid = False
        if not valid:
            raise ValueError(f"expected {schemes[0]}://[user:password@]host:port...")
    return value


def load(*required: str, **overrides: Any) -> Settings:
    """Settings with every name in `required` present; raises `SettingsError` that names all mistakes at once."""
    problems: dict[str, str] = {}
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        problems = {str(item["loc"][0]): item["msg"].removeprefix("Value error, ") for item in error.errors()}
        defaults = {name: Settings.model_fields[name].default for name in problems}
        settings = Settings(**{**overrides, **defaults})
    for name in required:
        if name not in problems and getattr(settings, name) is None:
            problems[name] = f"missing, expected {Settings.model_fields[name].description}"
    if problems:
        raise SettingsError("\n".join(f"{PREFIX}{name.upper()}: {text}" for name, text in problems.items()))
    return settings


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a child process that works with the same settings; secrets are in it, and nowhere else."""
    values = dict(os.environ)
    for name in Settings.model_fields:
        value = getattr(settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if plain is not None:
            values[f"{PREFIX}{name.upper()}"] = str(plain)
    return values
