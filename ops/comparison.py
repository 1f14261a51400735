"""Is the sink what the source is, while both move? Pure bookkeeping; reading is someone else's.

A difference counts once it is still there after the pipeline has provably passed the read of the source, twice in a
row, while the source's value stayed the same. What the source keeps changing is asked for again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

STRIKES: Final = 2
"""One strike could be a value that went away and came back between the two reads of the source."""

Values = Mapping[Any, Any]
Read = Callable[[Collection[Any] | None], Values]
"""Values by key; of the given keys, or of all for None."""


@dataclass(slots=True)
class Difference:
    """`source` or `sink` is None where the key is missing there."""

    key: Any
    source: Any
    sink: Any

    @property
    def kind(self) -> str:
        return "missing" if self.sink is None else "extra" if self.source is None else "different"


@dataclass(slots=True)
class Comparison:
    """One table or one stock."""

    name: str
    read_source: Read
    read_sink: Read
    compared: int = 0
    open: dict[Any, tuple[Any, int]] = field(default_factory=dict)
    """Keys that differed -> (the source's value at the last read, strikes)."""
    found: list[Difference] = field(default_factory=list)

    def begin(self) -> None:
        """Reads everything once; what is equal by now is settled."""
        source = self.read_source(None)
        sink = self.read_sink(None)
        self.compared = len(source)
        self.open = {key: (source.get(key), 0) for key in {*source, *sink} if source.get(key) != sink.get(key)}

    def again(self) -> None:
        """To be called when the pipeline has passed the last read of the source."""
        keys = set(self.open)
        sink = self.read_sink(keys)
        source = self.read_source(keys)
        for key, (before, strikes) in list(self.open.items()):
            there, now = sink.get(key), source.get(key)
            if there in (before, now):
                del self.open[key]
            elif before != now:
                self.open[key] = (now, 0)
            elif strikes + 1 < STRIKES:
                self.open[key] = (now, strikes + 1)
            else:
                del self.open[key]
                self.found.append(Difference(key, now, there))

    def count(self, kind: str) -> int:
        return sum(difference.kind == kind for difference in self.found)


def summed(contributions: Iterable[tuple[Any, tuple[int, ...]]]) -> dict[Any, tuple[int, ...]]:
    """Keys whose values are all zero are as good as absent."""
    total: dict[Any, tuple[int, ...]] = {}
    for key, values in contributions:
        known = total.get(key)
        total[key] = values if known is None else tuple(a + b for a, b in zip(known, values, strict=True))
    return {key: values for key, values in total.items() if any(values)}
