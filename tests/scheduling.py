"""Which tests share a process when there are several: `make test` runs four.

A folder is a group. Those that need the embedded stack take longest; the first of them trains Java, and the others
would have to wait for it, so groups that only compute, or only wait, begin beside it.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

FIRST: Final = (
    "mending", "simulation", "views", "prometheus", "faults", "pipeline", "connectors", "changing", "dashboard",
    "sinks", "local", "source", "test_demo.py",
)  # fmt: skip
"""In this order; what is short fills the end."""


def folder(nodeid: str) -> str:
    return nodeid.removeprefix("tests/").split("/")[0].split("::")[0]


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return folder(nodeid)
