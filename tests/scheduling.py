"""Which tests share a process when there are several: `make test` runs four.

Much of the time is spent waiting for Kafka, Connect and PostgreSQL, so several embedded stacks run beside each other:
for a pipeline that is left alone, for those that are torn and mended, for the folders that need the parts only. A
folder is a group, unless `GROUPS` says otherwise: the long ones are divided, so that no process is left with one of
them at the end.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

GROUPS: Final = {
    "connectors": "parts",
    "local": "parts",
    "pipeline/test_scenarios.py": "scenarios",
    "mending/test_guardian.py": "guardian",
}
"""Folder or file -> group."""
FIRST: Final = ("pipeline", "mending", "prometheus", "parts", "scenarios", "guardian")
"""Begin at once, in this order: they take longest, or wait most."""


def group(nodeid: str) -> str:
    file = nodeid.removeprefix("tests/").partition("::")[0]
    folder = file.partition("/")[0]
    return GROUPS.get(file) or GROUPS.get(folder) or folder


def place(nodeid: str) -> int:
    name = group(nodeid)
    return FIRST.index(name) if name in FIRST else len(FIRST)


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
