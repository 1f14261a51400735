"""What the database acknowledged: the oracle that a pipeline behind it can be compared with.

Flows in: transactions as they are committed. Flows out: entries in memory, in a file of JSON lines, or both.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from deploy.local.source.simulate.statement import Change


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction. `at`: seconds since 1970 when the answer to COMMIT arrived, or when the connection was lost.

    Not `acknowledged`: the connection was lost while COMMIT was under way, so it may or may not have happened:
    PostgreSQL's `pg_xact_status` says it of the `transaction_id`.
    """

    at: float
    name: str
    changes: Sequence[Change]
    acknowledged: bool = True
    transaction_id: str = ""


class Ledger:
    """Thread-safe; a line is in the file as soon as `record` returns."""

    def __init__(self, file: Path | None = None, *, keep: bool = True) -> None:
        self.entries: list[Entry] = []
        self._keep = keep
        self._file: IO[str] | None = file.open("w", encoding="utf-8", buffering=1) if file else None
        self._lock = threading.Lock()

    def record(self, entry: Entry) -> None:
        line = json.dumps(asdict(entry)) + "\n" if self._file else ""
        with self._lock:
            if self._keep:
                self.entries.append(entry)
            if self._file:
                self._file.write(line)

    def close(self) -> None:
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None
