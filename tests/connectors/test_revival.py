"""A connector that has failed is started again by the guardian, not too often, and one that runs is left alone."""

from typing import cast

from connectors.rest import Connect, ConnectorStatus
from ops import guardian
from ops.guardian import Guardian
from schemas.contract import load_contract
from schemas.settings import load


class Kept:
    """Connect, as far as it is asked."""

    def __init__(self) -> None:
        self.state, self.started = "FAILED", 0

    def status(self) -> ConnectorStatus:
        return ConnectorStatus("RUNNING", (self.state,), "the slot is active for another process")

    def restart(self) -> None:
        self.started += 1


def test_a_failed_connector_is_started_again() -> None:
    kept, watching = Kept(), Guardian(load(_env_file=None), load_contract())
    for expected in (1, 1):
        watching.revive(cast(Connect, kept))
        assert kept.started == expected
    watching.revived -= guardian.REVIVE_SECONDS
    watching.revive(cast(Connect, kept))
    assert kept.started == 2
    kept.state, watching.revived = "RUNNING", float("-inf")
    watching.revive(cast(Connect, kept))
    assert kept.started == 2
