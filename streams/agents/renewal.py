"""A changed contract is taken up without hands: the worker process drains and ends, its supervisor starts it anew.

Flows in: the contract's file, and the columns that ClickHouse has. It happens only once the file is valid and
ClickHouse has a place for everything in it (`techhub-cdc connectors apply`): a file that is being edited changes
nothing.
"""

import asyncio
import logging
from typing import Final

from schemas.contract import Contract, ContractError, load_contract
from schemas.settings import Settings
from sinks.clickhouse import SinkUnavailable, connect
from sinks.migrate import inspect
from sinks.mirror import MirrorError, mirror_changes

log = logging.getLogger("techhub.renewal")
SECONDS: Final = 2.0


async def contract_replaced(settings: Settings, contract: Contract) -> None:
    """Returns when another contract than the worker's can be taken up."""
    told = ""
    while True:
        await asyncio.sleep(SECONDS)
        reason = await asyncio.to_thread(obstacle, settings, contract)
        if reason is None:
            log.info("the contract has changed, and ClickHouse is ready for it; starting again with it")
            return
        if reason and reason != told:
            log.warning("the contract has changed and is not taken up: %s", reason)
        told = reason


def obstacle(settings: Settings, contract: Contract) -> str | None:
    """Why the contract's file is not taken up; empty when it says what the worker knows, None when nothing is."""
    try:
        found = load_contract(settings.contract)
        if found == contract:
            return ""
        with connect(settings, None) as client:
            existing = inspect(client, settings.clickhouse_database)
        missing = mirror_changes(found, existing.columns)
    except (ContractError, MirrorError, SinkUnavailable) as error:
        return str(error).splitlines()[0]
    return f"{missing[0].table} is not ready in ClickHouse; run `techhub-cdc connectors apply`" if missing else None
