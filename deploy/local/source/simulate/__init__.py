"""A load that behaves like the application: seeded, paced, and recorded in a ledger."""

from deploy.local.source.simulate.ledger import Entry, Ledger
from deploy.local.source.simulate.session import NotReachable
from deploy.local.source.simulate.simulator import Simulator, Summary
from deploy.local.source.simulate.statement import Change

__all__ = ["Change", "Entry", "Ledger", "NotReachable", "Simulator", "Summary"]
