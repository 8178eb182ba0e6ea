"""The upstream is the stand-in unless a test says else. The cast is that of all tests."""

import time
from collections.abc import Iterator

import pytest
import time_machine


@pytest.fixture(autouse=True)
def as_usual(surroundings: None) -> None:
    """No test of this app hashes passwords dearly, or asks an upstream that the environment names."""


@pytest.fixture
def half_past() -> Iterator[None]:
    """The middle of this hour: what is counted by the hour does not fall into two."""
    with time_machine.travel((time.time() // 3600 + 0.5) * 3600):
        yield
