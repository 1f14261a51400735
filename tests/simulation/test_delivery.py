"""Exact under every crash and replay; and the simulation does notice when a rule is broken."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schemas.change import Change
from sinks.writer import Writer
from streams import fold
from streams.agents import loading
from streams.measures import MeasureRows
from tests.simulation.delivery import run
from tests.simulation.model import ModelSink

# a scenario that fails leaves its coroutines where they were
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SEEDS = 2000
ENOUGH = 200
"""Seeds in which a broken rule must show at least once."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_seed_converges_to_the_source() -> None:
    for seed in range(SEEDS):
        try:
            run(seed)
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def diverges(*arguments: Any) -> int:
    """How many seeds notice."""
    found = 0
    for seed in range(ENOUGH):
        try:
            run(seed, *arguments)
        except AssertionError:
            found += 1
    return found


class EntitiesFirst(Writer):
    async def write_first(self, staged: Any) -> None:
        await super().write_second(staged)

    async def write_second(self, staged: Any) -> None:
        await super().write_first(staged)


class WatermarkFirst(Writer):
    async def write_first(self, staged: Any) -> None:
        await super().write_watermarks(staged)

    async def write_watermarks(self, staged: Any) -> None:
        await super().write_first(staged)


def unbroken(sink: ModelSink) -> None:
    pass


@pytest.mark.parametrize("writer", [EntitiesFirst, WatermarkFirst])
def test_it_notices_a_wrong_order_of_the_phases(writer: type[Writer]) -> None:
    assert diverges(writer) > 0


def test_it_notices_hidden_tombstones() -> None:
    assert diverges(Writer, lambda sink: setattr(sink, "hide_tombstones", True)) > 0


def lsn_only(row: Any, change: Change) -> bool:
    return row is not None and (change.offset < row.version or 0 < change.lsn <= row.lsn)


def no_rule(row: Any, change: Change) -> bool:
    return row is not None and change.offset < row.version


@pytest.mark.parametrize("rule", [lsn_only, no_rule])
def test_it_notices_a_wrong_rule_for_what_is_sent_again(
    rule: Callable[[Any, Change], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "already_in", rule)
    assert diverges() > 0


def test_it_notices_measures_that_are_loaded_before_entity_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    entities, measures = loading.Topic.entities, loading.Topic.measures
    monkeypatch.setattr(loading.Topic, "entities", measures)
    monkeypatch.setattr(loading.Topic, "measures", entities)
    assert diverges() > 0


def test_it_notices_sums_that_forget_their_version(monkeypatch: pytest.MonkeyPatch) -> None:
    add = MeasureRows.add

    def always(self: MeasureRows, offset: int, contributions: Any) -> None:
        for row in self.rows.values():
            row[0] = 0
        add(self, offset, contributions)

    monkeypatch.setattr(MeasureRows, "add", always)
    assert diverges() > 0
