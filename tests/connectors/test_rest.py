"""Kafka Connect's client where nobody answers."""

import pytest

from connectors.errors import Unreachable
from connectors.rest import Connect


def test_a_password_in_the_address_is_not_in_the_error() -> None:
    away = r"cannot be reached at http://127\.0\.0\.1:1;"
    with (
        Connect("http://operator:sentinel@127.0.0.1:1", "techhub") as connect,
        pytest.raises(Unreachable, match=away) as error,
    ):
        connect.config()
    assert "sentinel" not in str(error.value)
