"""What makes captured changes go missing, seen from the source: slot, catalogue and publication beside the contract.

Flows in: what PostgreSQL and Connect say. Flows out: `Drift`, each a reason why figures may miss changes. None of these
stops the connector: it says RUNNING, and a dropped or renamed column, or a table that left the publication, is silently
absent from its events. Pure.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from connectors import guard
from connectors.catalogue import CAPTURE_SCHEMA, Catalogue
from connectors.check import Finding, compare
from connectors.guard import StoredOffset
from schemas.contract import Contract


@dataclass(frozen=True, slots=True)
class Drift:
    """`table`: None where all are meant; `capture_lost`: capture does not go on without a new slot."""

    table: str | None
    reason: str
    capture_lost: bool = False


def drifts(
    contract: Contract, source: Catalogue, captured: Collection[str], offset: StoredOffset | None
) -> Iterator[Drift]:
    """`captured`: `schema.table.column` of the connector's configuration; empty: there is no capture to lose."""
    if not captured:
        return
    lost = guard.lost(source.slot, offset)
    if lost:
        yield Drift(None, lost, capture_lost=True)
    tables = {name.rpartition(".")[0] for name in captured}
    yield from _publication(contract, source, tables)
    for finding in compare(contract, source, captured).findings:
        qualified = f"{contract.schema_name}.{finding.table}"
        if qualified in tables and _harms(finding, qualified, captured):
            yield Drift(finding.table, f"{finding.place} {finding.text}")


def _harms(finding: Finding, qualified: str, captured: Collection[str]) -> bool:
    """An optional part may be absent from the beginning; once it is captured, its absence is a loss."""
    return finding.level == "error" or (
        finding.level == "warning" and (not finding.column or f"{qualified}.{finding.column}" in captured)
    )


def _publication(contract: Contract, source: Catalogue, tables: Collection[str]) -> Iterator[Drift]:
    publication = source.publication
    if publication is None:
        yield Drift(None, "the publication is gone: no change reaches the log")
        return
    if not publication.complete:
        yield Drift(None, "the publication leaves out inserts, updates, deletes or truncates")
    schema = f"{contract.schema_name}."
    for qualified in sorted(tables):
        missing = not publication.all_tables and qualified not in publication.tables
        if missing and qualified == f"{CAPTURE_SCHEMA}.heartbeat":
            yield Drift(None, "the heartbeats were taken out of the publication: nobody can say what is missing")
        elif missing and qualified.startswith(schema) and qualified in source.tables:
            yield Drift(
                qualified.removeprefix(schema), "was taken out of the publication: its changes do not reach the log"
            )
        elif qualified in publication.filtered:
            yield Drift(qualified.removeprefix(schema), "has a row filter in the publication: changes are left out")
