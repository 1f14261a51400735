"""Which tests share a process when there are several: `make test` runs two.

The folders that use the embedded stack are one group, so that one stack serves them, and every other folder is one; the
second process goes through those while the first waits for Kafka, Connect and PostgreSQL.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

ON_THE_STACK: Final = frozenset({"connectors", "local", "pipeline"})


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.removeprefix("tests/").split("/")[0]
        return "stack" if folder in ON_THE_STACK else folder
