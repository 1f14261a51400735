"""Kafka Connect's client where nobody answers."""

import pytest

from connectors.errors import Unreachable
from connectors.rest import Connect


def test_a_password_in_the_address_is_not_in_the_error() -> None:
    with Connect("http://operator:sentinel@127.0.0.1:1", "techhub") as connect:
        with pytest.raises(Unreachable, match=r"cannot be reached at http://127\.0\.0\.1:1;") as error:
            connect.config()
    assert "sentinel" not in str(error.value)
