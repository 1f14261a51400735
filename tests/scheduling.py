"""Which tests share a process when there are several: `make test` runs four.

Three embedded stacks run beside each other: one for a pipeline that is left alone, one for a pipeline under faults, one
for those that are torn and mended. What waits for long and what only computes goes on beside them in the fourth
process. The folders that need the parts only use the stack of the process that is free first. Every other folder is a
group of its own.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

ON_THE_PARTS: Final = frozenset({"connectors", "local"})
FIRST: Final = (
    "mending", "faults", "pipeline", "prometheus", "simulation", "connectors", "local", "dashboard", "sinks", "views",
    "source", "test_demo.py",
)  # fmt: skip
"""In this order: they take longest, or wait most; what is short fills the end."""


def folder(nodeid: str) -> str:
    return nodeid.removeprefix("tests/").split("/")[0].split("::")[0]


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        name = folder(nodeid)
        return "parts" if name in ON_THE_PARTS else name
