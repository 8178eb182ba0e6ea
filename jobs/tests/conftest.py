"""The cast is that of all tests, but Alice has 1,000 credits. Workers are called by hand."""

import pytest


@pytest.fixture(autouse=True)
def as_usual(surroundings: None) -> None:
    """No test of this app hashes passwords dearly, or asks an upstream that the environment names."""


@pytest.fixture
def credits_of_alice() -> int:
    """More than elsewhere: jobs have many rows."""
    return 1_000
