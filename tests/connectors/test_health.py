"""When a slot comes near to being given up: said while there is time to act."""

import pytest

from connectors.catalogue import Slot
from connectors.health import scarce

GIGABYTE = 1 << 30


@pytest.mark.parametrize(
    ("retained", "safe", "expected"),
    [
        (10 * GIGABYTE, None, False),
        (GIGABYTE, 3 * GIGABYTE, False),
        (GIGABYTE, GIGABYTE, False),
        (3 * GIGABYTE, GIGABYTE, True),
        (4 * GIGABYTE, 0, True),
        (None, None, False),
    ],
)
def test_a_slot_that_keeps_over_half_of_what_it_may_is_scarce(
    retained: int | None, safe: int | None, expected: bool
) -> None:
    assert scarce(Slot("s", "pgoutput", 1, "extended", None, 1, retained, 0, safe)) is expected
