"""What a part of the stack is: how it is prepared, launched and known to be well. The parts themselves are data."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.place import Place
from deploy.local.processes import Launch


def nothing(place: Place) -> None:
    """A part that needs no preparation, or nothing once it is up, or leaves nothing outside its directory."""


@dataclass(frozen=True, slots=True)
class Part:
    """Parts start at once, except that each waits for those it `needs`; they stop in the reverse order.

    `settle` follows the first healthy answer, `stopped` an orderly end, `purge` removes what lies elsewhere.
    `abort_signal` ends it at once where its files are about to be deleted, unless it still has `unsaved` things that
    the next stack needs.
    """

    name: str
    ports: tuple[str, ...]
    launch: Callable[[Place], Launch]
    healthy: Callable[[Place], bool]
    needs: tuple[str, ...] = ()
    prepare: Callable[[Place], None] = nothing
    settle: Callable[[Place], None] = nothing
    stopped: Callable[[Place], None] = nothing
    purge: Callable[[Place], None] = nothing
    start_seconds: float = 90.0
    stop_seconds: float = 20.0
    abort_signal: int = signal.SIGKILL
    unsaved: Callable[[], bool] = lambda: False
