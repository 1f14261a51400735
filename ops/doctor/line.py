"""One line of a check-up: what was looked at, what was found, what was expected, what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "wrong", "away"]
"""`warning`: works, but should not stay; `wrong`: must be mended; `away`: could not be asked."""


@dataclass(frozen=True, slots=True)
class Line:
    part: str
    what: str
    level: Level
    found: str
    expected: str = ""
    remedy: str = ""


Lines = Iterator[Line]


def judged(part: str, what: str, fine: bool, found: object, expected: str, remedy: str, level: Level = "wrong") -> Line:
    """`ok` where it is fine, else `level` with what to do."""
    if fine:
        return Line(part, what, "ok", str(found), expected)
    return Line(part, what, level, str(found), expected, remedy)


def asked(part: str, remedy: str, lines: Callable[[], Lines], *away: type[Exception]) -> Lines:
    """The lines of one part; a part that goes away in the middle is said once, in its place."""
    try:
        yield from lines()
    except away as error:
        yield Line(part, "reachable", "away", " ".join(str(error).split())[:300], "an answer", remedy)
