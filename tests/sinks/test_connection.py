"""What the client is told of an address and its certificates."""

from pathlib import Path

from schemas.settings import Settings, load
from sinks.clickhouse import connection


def settings(dsn: str, ca: Path | None = None) -> Settings:
    return load(clickhouse_dsn=dsn, clickhouse_ca=ca, _env_file=None)


def test_https_is_verified_by_the_authority_that_is_named() -> None:
    told = connection(settings("https://writer:p%40ss@clickhouse.example", Path("/etc/techhub-cdc/ca.pem")))
    assert (told["interface"], told["host"], told["port"]) == ("https", "clickhouse.example", 8443)
    assert (told["username"], told["password"], told["ca_cert"]) == ("writer", "p@ss", "/etc/techhub-cdc/ca.pem")
    assert "verify" not in told, "verification stays on"


def test_without_one_the_public_authorities_count() -> None:
    assert "ca_cert" not in connection(settings("https://clickhouse.example"))
