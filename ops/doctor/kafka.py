"""Kafka: the topics as the contract declares them, with partitions and retention, and who reads."""

from typing import Final

from connectors import topics
from connectors.groups import members
from ops.doctor.line import Line, Lines, judged
from schemas.contract import Contract
from schemas.settings import Settings

PART: Final = "kafka"
APPLY: Final = "techhub-cdc connectors apply"


def lines(settings: Settings, contract: Contract) -> Lines:
    declared = {topic.name: topic for topic in topics.declared(contract, settings)}
    found = topics.described(settings, declared)
    missing = sorted(declared.keys() - found.keys())
    yield judged(
        PART, "topics", not missing, f"{len(found)} of {len(declared)}", "every one of the contract", listed(missing)
    )
    for name, topic in sorted(found.items()):
        wanted = declared[name]
        if topic.partitions != wanted.partitions:
            yield Line(
                PART, name, "wrong", f"{topic.partitions} partitions", f"{wanted.partitions}, as the contract",
                "positions are kept by partition: correct the contract, or start over (docs/operations.md)",
            )  # fmt: skip
        for key, value in wanted.config.items():
            if topic.config.get(key) != value:
                yield Line(PART, name, "wrong", f"{key}={topic.config.get(key)}", f"{key}={value}", APPLY)
        if topic.copies < settings.replication_factor:
            remedy = "reassign its partitions with kafka's own tools"
            yield Line(PART, name, "warning", f"{topic.copies} copies", f"{settings.replication_factor}", remedy)
    working = members(settings, settings.group)
    yield judged(
        PART, f"group {settings.group}", bool(working), f"{len(working)} workers", "at least one",
        "start techhub-cdc worker under a supervisor", "warning",
    )  # fmt: skip


def listed(missing: list[str]) -> str:
    return f"{APPLY} makes {', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''}"
