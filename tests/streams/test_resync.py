"""When a partition cannot be read on from its watermark: said with a reason and the command that mends it."""

from dataclasses import dataclass
from typing import Final

import pytest

from streams.resync import RESYNC_REQUIRED, another_topic, derivation_changed, outside_log, repair_of, resync_row
from tests.streams.log import PLANS

PLAN: Final = PLANS["service_servicerequest"]


@dataclass
class Stood:
    """Where the rows stand; as it should be, unless told otherwise."""

    topic_id: str = "id"
    partitions: int = PLAN.partitions
    fingerprint: str = PLAN.fingerprint
    known: bool = True
    highest: int = 0
    next_offset: int = 10


def refused(
    position: Stood, topic_id: str = "id", first: int = 0, end: int = 100, partitions: int = PLAN.partitions
) -> str | None:
    return another_topic(position, PLAN, topic_id, partitions) or outside_log(position, PLAN, first, end)


@pytest.mark.parametrize(("first", "end"), [(0, 100), (10, 100), (0, 10), (10, 10)])
def test_a_watermark_within_the_log_is_read_on_from(first: int, end: int) -> None:
    assert refused(Stood(), first=first, end=end) is None


@pytest.mark.parametrize(("first", "end"), [(11, 100), (0, 9)])
def test_a_log_that_does_not_hold_the_watermark_is_refused(first: int, end: int) -> None:
    reason = refused(Stood(), first=first, end=end)
    assert reason is not None
    assert f"the watermark is 10, the log holds {first} to {end}" in reason


def test_a_new_table_begins_at_the_beginning_of_the_log_and_only_there() -> None:
    new = Stood("", 0, "", known=False, next_offset=0)
    assert refused(new) is None
    assert refused(new, first=3) is not None


def test_a_topic_that_was_made_anew_is_refused_though_its_offsets_fit() -> None:
    reason = refused(Stood(topic_id="another"))
    assert reason is not None
    assert "deleted and made anew" in reason


def test_an_id_that_is_not_known_is_no_reason() -> None:
    assert refused(Stood(topic_id="")) is None
    assert refused(Stood(), topic_id="") is None


def test_another_number_of_partitions_is_refused_because_keys_have_moved() -> None:
    reason = refused(Stood(partitions=PLAN.partitions + 1))
    assert reason is not None
    assert "keys have moved" in reason


MEANING: Final = PLAN.fingerprint.rpartition("-")[2]


def test_other_columns_go_on_only_where_no_row_is_above_the_watermark() -> None:
    assert derivation_changed(Stood(fingerprint=f"old-{MEANING}", highest=10), PLAN) is None
    reason = derivation_changed(Stood(fingerprint=f"old-{MEANING}", highest=11), PLAN)
    assert reason is not None
    assert f"old-{MEANING} before" in reason
    assert "drained" in reason
    assert derivation_changed(Stood(highest=11), PLAN) is None


def test_another_meaning_never_goes_on_over_the_rows_of_the_old_one() -> None:
    reason = derivation_changed(Stood(fingerprint="same-old", highest=10), PLAN)
    assert reason is not None
    assert "run techhub-cdc rebuild" in reason
    assert derivation_changed(Stood(fingerprint="same-old", highest=0, next_offset=0), PLAN) is None


def test_a_topic_that_got_more_partitions_is_refused_though_it_is_the_same_one() -> None:
    reason = refused(Stood(), partitions=PLAN.partitions + 1)
    assert reason is not None
    assert f"has {PLAN.partitions + 1} partitions" in reason and "keys have moved" in reason
    assert refused(Stood("", 0, "", known=False, next_offset=0), partitions=PLAN.partitions + 1) is not None


def test_the_row_names_table_reason_and_the_command_that_mends_it() -> None:
    made = resync_row("service_servicerequest", "why", repair_of("service_servicerequest"), 5)
    found = dict(zip(RESYNC_REQUIRED.columns, made, strict=True))
    assert (found["table"], found["reason"], found["required_at"], found["resolved_at"]) == (
        "service_servicerequest", "why", 5, None,
    )  # fmt: skip
    assert found["command"] == "techhub-cdc reconcile --repair --table service_servicerequest"
