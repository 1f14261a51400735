"""Contract -> the SQL of a second role, for those who look at the source and change nothing of it.

`reconcile`, `status`, `doctor` and the guardian need no more: give them its DSN as `TECHHUB_POSTGRES_DSN`, and keep the
owner's for `connectors apply`. It reads the listed columns, cannot hold a statement for long, and may raise the pulse.
Pure; whoever runs it sets the password.
"""

from collections.abc import Iterator
from typing import Final

from connectors.catalogue import CAPTURE_SCHEMA
from connectors.postgres import HEARTBEAT_COLUMNS, Statement, quoted
from schemas.contract import Contract
from schemas.settings import Settings

CONNECTIONS: Final = 4
PULSE_COLUMNS: Final = ", ".join(name for name in HEARTBEAT_COLUMNS if name != "id")
LIMITS: Final = {
    "statement_timeout": "60s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}


def reader_statements(contract: Contract, settings: Settings) -> Iterator[Statement]:
    """To be run by the owner of the tables; safe to repeat but for the first."""
    name = f"{settings.connector_user}_reader"
    role = quoted(name)
    yield Statement(
        f"create role {role} login connection limit {CONNECTIONS}", f"then set its password: \\password {name}", False
    )
    for limit, value in LIMITS.items():
        yield Statement(f"alter role {role} set {limit} = '{value}'", "it can hold up nobody", False)
    yield Statement(
        f"grant usage on schema {quoted(contract.schema_name)}, {CAPTURE_SCHEMA} to {role}", "reaches", False
    )
    for table in contract.tables.values():
        columns = ", ".join(quoted(column) for column in table.sources)
        target = f"{quoted(contract.schema_name)}.{quoted(table.name)}"
        yield Statement(
            f"grant select ({columns}) on {target} to {role}", "the contract's columns, and no other", False
        )
    yield Statement(
        f"grant select, update ({PULSE_COLUMNS}) on {CAPTURE_SCHEMA}.heartbeat to {role}",
        "raises the pulse: lost changes are noticed",
        False,
    )
