"""Shows how a stack comes up or goes down: events in, a live table on a terminal or a line each elsewhere out."""

import threading
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # a production installation has no embedded stack
    from deploy.local.starting import Event

DONE = frozenset({"ready", "running", "stopped"})


class Board:
    """Events may come from any thread."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._events: dict[str, Event] = {}
        self._drawing = threading.Lock()
        self._live = Live(console=console, refresh_per_second=8) if console.is_terminal else None

    def __enter__(self) -> "Board":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, event: "Event") -> None:
        with self._drawing:
            before = self._events.get(event.part)
            self._events[event.part] = event
            if self._live:
                self._live.update(self._table())
            elif before is None or before.phase != event.phase:
                self._console.print(f"{event.part}: {describe(event)}", markup=False, highlight=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for event in self._events.values():
            mark = Text("✓", style="green") if event.phase in DONE else Spinner("dots")
            table.add_row(mark, event.part, Text(describe(event), style="dim"))
        return table


def describe(event: "Event") -> str:
    took = f" ({event.seconds:.1f} s)" if event.seconds is not None else ""
    return f"{event.phase}{took} {event.detail}".rstrip()
