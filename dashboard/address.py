"""What an address says -> filters of a page, checked before anything is asked of ClickHouse. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from dashboard.pages import PAGES
from sinks.catalogue import Query
from sinks.parameters import Parameter, ParameterError, Value, bind

LANGUAGES: Final = ("ru", "kk", "en")
THEMES: Final = ("auto", "light", "dark")
PERIODS: Final = ("1d", "7d", "30d", "90d")
LONGEST: Final = 1000
"""Characters of one filter."""
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class AddressError(ValueError):
    """The address says something that the page does not know; the text names it."""


def filters(page: str, given: Iterable[tuple[str, str]], catalogue: Mapping[str, Query]) -> dict[str, Value]:
    """Filters for every query of the page; given twice, the last one counts; empty is none."""
    known = PAGES[page].filters
    chosen = {name: value for name, value in given if value and name in known}
    for name, value in chosen.items():
        if len(value) > LONGEST or CONTROL.search(value):
            raise AddressError(f"filter {name}: expected at most {LONGEST} plain characters")
    period = chosen.pop("period", None)
    if period is not None and period not in PERIODS:
        raise AddressError(f"filter period: expected one of {', '.join(PERIODS)}")
    check(chosen, parameters(page, catalogue))
    span = {"since": f"today-{period}", "from_day": f"today-{period}"} if period else {}
    return {**chosen, **span}


def parameters(page: str, catalogue: Mapping[str, Query]) -> dict[str, Parameter]:
    """Those of all its queries."""
    return {name: each for card in PAGES[page].cards for name, each in catalogue[card.query].parameters.items()}


def check(chosen: Mapping[str, str], known: Mapping[str, Parameter]) -> None:
    try:
        bind(known, chosen, datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    except ParameterError as error:
        raise AddressError(f"filter {str(error).removeprefix('parameter ')}") from None
